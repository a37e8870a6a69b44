public import Store

extension MigrationSet {
    /// The coordinator's tables: jobs, rounds and the updates they counted.
    public static let fedLearnCoordinator = MigrationSet(
        module: "fedlearn-coordinator",
        migrations: [
            Migration(
                1,
                """
                CREATE TABLE fedlearn_jobs (
                    uid TEXT PRIMARY KEY,
                    name TEXT NOT NULL UNIQUE,
                    path TEXT NOT NULL UNIQUE,
                    created INTEGER NOT NULL,
                    document BLOB NOT NULL,
                    header BLOB NOT NULL
                ) STRICT;
                CREATE TABLE fedlearn_rounds (
                    job TEXT NOT NULL REFERENCES fedlearn_jobs (uid) ON DELETE CASCADE,
                    round INTEGER NOT NULL,
                    state TEXT NOT NULL CHECK (state IN ('training', 'aggregating', 'committed')),
                    participants BLOB NOT NULL,
                    base TEXT NOT NULL,
                    started INTEGER NOT NULL,
                    summary BLOB,
                    PRIMARY KEY (job, round)
                ) STRICT;
                CREATE TABLE fedlearn_contributions (
                    job TEXT NOT NULL,
                    round INTEGER NOT NULL,
                    edge TEXT NOT NULL,
                    manifest TEXT NOT NULL,
                    samples INTEGER NOT NULL,
                    loss REAL NOT NULL,
                    bytes INTEGER NOT NULL,
                    fetched_bytes INTEGER NOT NULL,
                    PRIMARY KEY (job, round, edge),
                    FOREIGN KEY (job, round) REFERENCES fedlearn_rounds (job, round) ON DELETE CASCADE
                ) STRICT;
                """),
            // What is not committed, at most one round of a job, is looked for at the start of every round.
            Migration(
                2,
                """
                CREATE INDEX fedlearn_open_rounds ON fedlearn_rounds (job, round) WHERE state != 'committed';
                """),
            Migration(
                3,
                """
                ALTER TABLE fedlearn_contributions ADD COLUMN train_seconds REAL NOT NULL DEFAULT 0;
                ALTER TABLE fedlearn_contributions ADD COLUMN total_seconds REAL NOT NULL DEFAULT 0;
                """),
            // Why edges that were asked are not in a round, for a core that restarts before it is committed.
            Migration(
                4,
                """
                ALTER TABLE fedlearn_contributions ADD COLUMN steps INTEGER NOT NULL DEFAULT 1;
                ALTER TABLE fedlearn_contributions ADD COLUMN base_loss REAL;
                CREATE TABLE fedlearn_absences (
                    job TEXT NOT NULL,
                    round INTEGER NOT NULL,
                    edge TEXT NOT NULL,
                    reason TEXT NOT NULL,
                    PRIMARY KEY (job, round, edge),
                    FOREIGN KEY (job, round) REFERENCES fedlearn_rounds (job, round) ON DELETE CASCADE
                ) STRICT;
                """),
            Migration(
                5,
                """
                ALTER TABLE fedlearn_contributions ADD COLUMN mean_return REAL;
                ALTER TABLE fedlearn_contributions ADD COLUMN episodes INTEGER;
                """),
        ])

    /// The participant's tables: what an edge trained and has not yet been told to forget.
    public static let fedLearnParticipant = MigrationSet(
        module: "fedlearn-participant",
        migrations: [
            Migration(
                1,
                """
                CREATE TABLE fedlearn_updates (
                    job TEXT NOT NULL,
                    round INTEGER NOT NULL,
                    base TEXT NOT NULL,
                    notice BLOB NOT NULL,
                    PRIMARY KEY (job, round)
                ) STRICT;
                """),
            // What an edge keeps of a job's model to itself, as its training of that round left it.
            Migration(
                2,
                """
                CREATE TABLE fedlearn_personal (
                    job TEXT NOT NULL,
                    round INTEGER NOT NULL,
                    manifest TEXT NOT NULL,
                    PRIMARY KEY (job, round)
                ) STRICT;
                """),
        ])
}
