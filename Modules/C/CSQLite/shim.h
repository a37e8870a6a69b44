#pragma once
#include <sqlite3.h>

/// `SQLITE_TRANSIENT` is a cast macro, which Swift cannot import.
static inline sqlite3_destructor_type gedge_sqlite_transient(void) {
    return SQLITE_TRANSIENT;
}

/// The `errno` of the last failed write to the database or its log; 0 when there is none. `sqlite3_system_errno` misses
/// those of a COMMIT.
static inline int gedge_sqlite_last_errno(sqlite3 *database) {
    int code = 0;
    sqlite3_file *journal = 0;
    if (sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal) == SQLITE_OK && journal
        && journal->pMethods) {
        journal->pMethods->xFileControl(journal, SQLITE_FCNTL_LAST_ERRNO, &code);
    }
    if (!code) sqlite3_file_control(database, "main", SQLITE_FCNTL_LAST_ERRNO, &code);
    return code ? code : sqlite3_system_errno(database);
}
