package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Nights are runs of one list, a week apart, that are written by SQL rather than scanned. What happens in
// them is a formula, so that every count is known:
//
//   - every 140th domain publishes a record, by its number among these, modulo 4:
//     0 enforces a policy all the time; 1 adopts it in some night, as many in each; 2 tests
//     for the first half of the nights, and enforces after; 3 fails in TLS in every even night;
//   - half-way between, every 1120th domain is unknown all the time;
//   - the others have no record;
//   - the top-level domains are com, net and org in turn.
type madeNights struct {
	nights, rows int
	parts        int // of each night
}

// publishers is how many domains of each kind ever publish.
func (m madeNights) publishers() (kinds [4]int) {
	for i := 0; i < m.rows; i += 140 {
		kinds[i/140%4]++
	}
	return kinds
}

// adopters is how many domains adopt in a night, counted from 1.
func (m madeNights) adopters(night int) (n int) {
	for i := 140; i < m.rows; i += 560 {
		if i/560%m.nights == night-1 {
			n++
		}
	}
	return n
}

// published is how many domains of a top-level domain publish a record in a night.
func (m madeNights) published(night int, tld string) (n int) {
	for i := 0; i < m.rows; i += 140 {
		if []string{"com", "net", "org"}[i%3] == tld && (i/140%4 != 1 || i/560%m.nights < night) {
			n++
		}
	}
	return n
}

// unknown is how many domains are unknown.
func (m madeNights) unknown() int { return (m.rows-70-1)/1120 + 1 }

// kind is the SQL that says what domain i is in a night.
func (m madeNights) kind(night int) string {
	return fmt.Sprintf(`CASE
		WHEN i %% 140 = 0 THEN CASE i // 140 %% 4
			WHEN 0 THEN 'enforce'
			WHEN 1 THEN CASE WHEN i // 560 %% %[1]d < %[2]d THEN 'enforce' ELSE 'absent' END
			WHEN 2 THEN CASE WHEN %[2]d <= %[1]d // 2 THEN 'testing' ELSE 'enforce' END
			ELSE CASE WHEN %[2]d %% 2 = 0 THEN 'tls' ELSE 'enforce' END END
		WHEN i %% 1120 = 70 THEN 'unknown'
		ELSE 'absent' END`, m.nights, night)
}

// date is the day of a night.
func (m madeNights) date(night int) time.Time {
	return time.Date(2025, 1, 6, 1, 0, 0, 0, time.UTC).AddDate(0, 0, 7*(night-1))
}

// write writes the nights as an archive, in parts and row groups as those of a scan: denials have their own.
func (m madeNights) write(tb testing.TB, archive string) (runs []string) {
	tb.Helper()
	db := open(tb)
	execute(tb, db, "SET preserve_insertion_order = true")
	execute(tb, db, `CREATE TEMP TABLE templates AS
		WITH kinds AS (
			SELECT CASE
				WHEN record = 'absent' AND record_reason = 'nxdomain' AND findings IS NULL THEN 'absent'
				WHEN record = 'unknown' AND record_reason = 'servfail' THEN 'unknown'
				WHEN host_cnames IS NOT NULL OR cnames IS NOT NULL OR record <> 'valid' THEN NULL
				WHEN policy = 'valid' AND mode = 'enforce' AND verdict = 'enforce_ok' AND delegation = 'none' THEN 'enforce'
				WHEN policy = 'unreachable' AND policy_stage = 'tls' AND tls_error = 'expired' THEN 'tls' END AS kind, *
			FROM rows
		), one AS (SELECT DISTINCT ON (kind) * FROM kinds WHERE kind IS NOT NULL ORDER BY kind, domain)
		FROM one
		UNION ALL
		SELECT * REPLACE (
			'testing' AS kind, 'testing' AS mode, 'testing_ok' AS verdict, 'testing' AS record_id,
			sha256('testing') AS policy_sha256)
		FROM one WHERE kind = 'enforce'`)
	var kinds int
	each(tb, db, "SELECT count(*) FROM templates", func(scan func(...any)) { scan(&kinds) })
	if kinds != 5 {
		tb.Fatalf("the scan has %d of 5 kinds of domains", kinds)
	}
	for night := 1; night <= m.nights; night++ {
		run := filepath.Join(archive, "date="+m.date(night).Format(time.DateOnly))
		if err := os.MkdirAll(run, 0o755); err != nil {
			tb.Fatal(err)
		}
		size := (m.rows + m.parts - 1) / m.parts
		for part := 0; part*size < m.rows; part++ {
			m.writePart(tb, db, run, night, part, size)
		}
		writeRunJSON(tb, run, m.rows, m.date(night))
		runs = append(runs, run)
	}
	return runs
}

// writePart writes one part of a night.
func (m madeNights) writePart(tb testing.TB, db *sql.DB, run string, night, part, size int) {
	tb.Helper()
	const rows = `SELECT t.* EXCLUDE (kind, registered_domain) REPLACE (
			name AS domain, numbers.tld AS tld, i + 1 AS rank, NULL::BIGINT AS list_rank,
			MAP {'owner': 'team ' || i %% 5} AS tags,
			NULL::VARCHAR AS zone,
			CASE WHEN t.host_addrs IS NOT NULL THEN ['192.0.2.' || i // 140 %% 250] END AS host_addrs,
			(20 + hash(i) %% 300)::INTEGER AS lookup_ms, TIMESTAMPTZ '%s' + to_seconds(i // 10000) AS observed_at),
			2::INTEGER AS registered_labels,
			CASE WHEN t.zone IS NULL THEN NULL WHEN i %% 3 = 0 THEN 2 ELSE 1 END::INTEGER AS zone_labels
		FROM (
			SELECT i, format('{:x}-{}.{}', hash(i) %% 16777216, i, tld) AS name, tld, %s AS kind
			FROM (SELECT i, ['com', 'net', 'org'][i %% 3 + 1] AS tld FROM range(%d, %d) AS ranks(i))
		) AS numbers
		JOIN templates AS t USING (kind)
		WHERE kind %s ('absent', 'unknown')`
	var halves []string
	for _, of := range []string{"IN", "NOT IN"} {
		halves = append(halves, fmt.Sprintf(rows,
			m.date(night).Format(time.RFC3339), m.kind(night), part*size, min(m.rows, (part+1)*size), of))
	}
	execute(tb, db, fmt.Sprintf("COPY (%s) TO %s (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 45056)",
		strings.Join(halves, "\nUNION ALL\n"), quote(filepath.Join(run, fmt.Sprintf("part-%06d.parquet", part)))))
}

// writeRunJSON writes the manifest of the shared run, as that of one of this many rows that began then.
func writeRunJSON(tb testing.TB, run string, rows int, started time.Time) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(shared.dir, "run.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var manifest map[string]any
	if err := json.Unmarshal(data, &manifest); err != nil {
		tb.Fatal(err)
	}
	manifest["status"], manifest["reasons"] = "complete", nil
	manifest["started_at"], manifest["ended_at"] = started, started.Add(time.Hour)
	manifest["counts"].(map[string]any)["rows"] = rows
	if data, err = json.Marshal(manifest); err == nil {
		err = os.WriteFile(filepath.Join(run, "run.json"), data, 0o644)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func execute(tb testing.TB, db *sql.DB, statement string) {
	tb.Helper()
	if _, err := db.Exec(statement); err != nil {
		tb.Fatal(err)
	}
}
