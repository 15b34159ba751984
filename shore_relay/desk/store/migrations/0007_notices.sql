-- Notices by e-mail and webhook. Who is told of what, when and why is sealed, since the time of a notice alone
-- says that something was urgent; the disk shows how many people want notices and how many notices wait.

CREATE TABLE notice_person (
    person BLOB NOT NULL PRIMARY KEY CHECK (length(person) = 8),
    choice_sealed BLOB NOT NULL,
    told_sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What is still to be sent; a row goes as soon as a server has taken its notice.
CREATE TABLE notice (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    notice_sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
