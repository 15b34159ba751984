"""The desk's database: the only room with SQL. What people said enters it only encrypted."""
