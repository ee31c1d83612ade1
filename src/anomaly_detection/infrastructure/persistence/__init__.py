"""Where things are kept: the database, its tables and repositories, and the files of data sets and results."""
