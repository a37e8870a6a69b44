public import Store

extension MigrationSet {
    /// The tables of `Placement`: rounds that are over, and predictions beside what happened.
    public static let placement = MigrationSet(
        module: "placement",
        migrations: [
            Migration(
                1,
                """
                CREATE TABLE placement_records (
                    job TEXT NOT NULL,
                    round INTEGER NOT NULL,
                    edge TEXT NOT NULL,
                    time INTEGER NOT NULL,
                    hardware TEXT NOT NULL,
                    document TEXT NOT NULL,
                    PRIMARY KEY (job, round, edge)
                ) STRICT;
                CREATE INDEX placement_records_time ON placement_records (time);
                CREATE TABLE placement_scores (
                    id INTEGER PRIMARY KEY,
                    time INTEGER NOT NULL,
                    document TEXT NOT NULL
                ) STRICT;
                CREATE INDEX placement_scores_time ON placement_scores (time);
                """)
        ])
}
