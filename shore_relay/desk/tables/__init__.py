"""Messages with their facts as tables that other programs load: CSV, XLSX and JSON."""
