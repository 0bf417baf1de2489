package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A facet is one thing that a scan may learn of a domain, or not, whatever else it learns. Its
// columns have the values of one of its cases, or say that it is unknown.
type facet int

const (
	recordFacet facet = iota
	policyFacet       // with the addresses of the Policy Host
	limitFacet        // a policy that a limit of the client may have kept away, though its host is known: only -1 matters
	hostsFacet        // that receive mail
	matchFacet        // of the policy's patterns and these hosts
	reportsFacet
	daneFacet
	wildcardFacet
	probeFacet
	facets
)

func (f facet) String() string {
	return [...]string{"record", "policy", "limited policy", "hosts", "match", "reports", "DANE", "wildcard", "probe"}[f]
}

type observed map[string]any

// cases has what a scan can learn of each facet.
func cases() [facets][]observed {
	var c [facets][]observed
	reason := func(class, why string) observed { return observed{"record": class, "record_reason": why} }
	alias := observed{"record": "valid", "record_id": "1", "cnames": []string{"x.alias.example"}, "record_delegated_to": "alias.example", "provider": "alias"}
	c[recordFacet] = []observed{
		{"record": "valid", "record_id": "1"}, alias, {"record": "valid", "record_id": "2"}, reason("invalid", "id_missing"),
		{"record": "multiple"}, reason("absent", "nxdomain"), reason("absent", "nodata"), reason("absent", "no_domain"), reason("absent", "bad_version"),
	}
	failed := func(class, stage, why string, more observed) observed {
		p := observed{"policy": class, "policy_stage": stage, "policy_reason": why, "lenient": false}
		maps.Copy(p, more)
		return p
	}
	tls := observed{"tls_version": "1.3", "tls_cipher": "a", "tls_group": "b", "cert_sha256": "c", "cert_issuer": "O=Issuer", "cert_names": []string{"a.example"}}
	http := func(status int, more observed) observed {
		p := observed{"http_status": status, "server": "nginx/1", "content_type": "text/plain", "http_ms": 3}
		maps.Copy(p, tls)
		maps.Copy(p, more)
		return p
	}
	valid := func(mode string, age int) observed {
		p := http(200, observed{"policy": "valid", "mode": mode, "max_age": age, "body_bytes": 100, "body_framing": "chunked", "lenient": true})
		p["policy_sha256"], p["cert_not_after"] = fmt.Sprint(mode, age), "2026-11-20 00:00:00Z"
		return p
	}
	read := observed{"body_bytes": 9, "body_framing": "chunked"}
	c[policyFacet] = []observed{
		valid("enforce", 604800), valid("testing", 86400), valid("none", 86400),
		failed("invalid", "syntax", "mode_missing", http(200, read)), failed("invalid", "syntax", "empty", http(200, read)),
		failed("missing", "http", "not_found", http(404, nil)), failed("unreachable", "http", "redirect", http(301, observed{"http_location": "/a"})),
		failed("unreachable", "body", "truncated", http(200, read)), failed("unreachable", "tls", "expired", tls),
		failed("unreachable", "tls", "no_cert_for_name", nil), failed("unreachable", "tcp", "refused", nil),
		failed("missing", "dns", "nxdomain", nil), failed("forbidden", "dns", "forbidden_address", nil),
	}
	for _, p := range c[policyFacet] {
		if p["policy_stage"] == "tls" {
			p["tls_error"] = p["policy_reason"]
		}
	}
	c[limitFacet] = c[policyFacet][:9] // those of hosts that were reached
	for _, kind := range []string{"mx", "implicit", "null", "none"} {
		c[hostsFacet] = append(c[hostsFacet], observed{"mx_kind": kind})
	}
	for _, match := range []string{"all", "some", "none"} {
		c[matchFacet] = append(c[matchFacet], observed{"mx_match": match})
	}
	c[reportsFacet] = []observed{
		{"tlsrpt": "valid", "rua_kinds": []string{"mailto"}, "rua_domains": []string{"reports.example"}}, {"tlsrpt": "invalid"}, {"tlsrpt": "multiple"}, {"tlsrpt": "absent"},
	}
	for _, dane := range []string{"all", "some", "none"} {
		c[daneFacet] = append(c[daneFacet], observed{"dane": dane})
	}
	c[wildcardFacet] = []observed{{"wildcard_suspected": true}, {"wildcard_suspected": false}}
	for _, probe := range []string{"ok", "certificate", "not_offered", "no_connection"} {
		c[probeFacet] = append(c[probeFacet], observed{"starttls": probe})
	}
	return c
}

// A learnt is which case of each facet a scan found of a domain; -1: it is unknown.
type learnt [facets]int

// A doubtful is a run of a made-up list: what was learnt of each of its domains.
type doubtful []learnt

// newDoubtful makes a run of n domains. Of each facet of each domain, all was learnt, or what a
// share of one in that many left.
func newDoubtful(n int, night uint64, unknownOneIn int) doubtful {
	chance := rand.New(rand.NewPCG(night, 1))
	run := make(doubtful, n)
	all := cases()
	for i := range run {
		steady := rand.New(rand.NewPCG(uint64(i), 2)) // most domains do not change from night to night
		for f := range facets {
			run[i][f] = steady.IntN(len(all[f]))
			if (f == recordFacet || f == policyFacet) && steady.IntN(2) == 0 {
				run[i][f] = steady.IntN(3) // more with a valid record and policy
			}
			if other := chance.IntN(len(all[f])); chance.IntN(10) == 0 || f == matchFacet {
				run[i][f] = other
			}
			if f != limitFacet && chance.IntN(unknownOneIn) == 0 {
				run[i][f] = -1
			}
		}
		if run[i][policyFacet] >= 0 && chance.IntN(8) == 0 {
			run[i][limitFacet] = -1
		}
	}
	return run
}

// row is what a scan writes of the domain of that number.
func (l learnt) row(i int, all [facets][]observed) observed {
	domain := fmt.Sprintf("d%d.%s", i, []string{"com", "net", "org"}[i%3])
	row := observed{
		"domain": domain, "registered_domain": domain, "tld": domain[len(domain)-3:], "rank": i + 1, "list": "list", "attempts": 1, "lookup_ms": i % 7, "tcp": false,
		"observed_at": "2026-11-01 00:00:00Z", "pass": 1, "policy": "not_fetched", "tags": map[string]string{"owner": fmt.Sprint("team ", i%3)}, "resolver": "192.0.2.1:53",
	}
	add := func(f facet, otherwise observed) bool {
		if l[f] < 0 {
			maps.Copy(row, otherwise)
			return false
		}
		maps.Copy(row, all[f][l[f]])
		return true
	}
	add(recordFacet, observed{"record": "unknown", "record_reason": "servfail"})
	add(reportsFacet, observed{"tlsrpt": "unknown", "tlsrpt_reason": "servfail"})
	add(daneFacet, observed{"dane": "unknown"})
	add(hostsFacet, observed{"mx_kind": "unknown", "mx_reason": "servfail"})
	present := row["record"] == "valid" || row["record"] == "invalid" || row["record"] == "multiple"
	if present {
		row["txt_count"] = 1
		add(wildcardFacet, nil)
	}
	if row["mx_kind"] == "mx" || row["mx_kind"] == "implicit" {
		host := observed{"host": fmt.Sprintf("mail.provider%d.example", (i+l[matchFacet]+4)%4), "preference": 10}
		if probe := l[probeFacet]; present && probe >= 0 {
			host["starttls"] = all[probeFacet][probe]["starttls"]
		} else if present {
			host["starttls"] = "unknown"
		}
		row["mx"] = []observed{host}
	}
	if row["record"] == "valid" {
		l.addPolicy(i, row, all)
	}
	if i%11 == 0 {
		row["pass"], row["first_record"], row["first_record_reason"] = 2, "unknown", "timeout"
	}
	row["verdict"] = verdictOf(row)
	row["strict"] = row["record"] == "valid" && row["lenient"] != false
	return row
}

// addPolicy adds what a scan writes of the policy and its host.
func (l learnt) addPolicy(i int, row observed, all [facets][]observed) {
	if l[policyFacet] < 0 {
		maps.Copy(row, observed{"policy": "unknown", "policy_stage": "dns", "policy_reason": "servfail", "tlsrpt_result": "sts-policy-fetch-error"})
		return
	}
	policy := all[policyFacet][l[policyFacet]]
	if l[limitFacet] < 0 {
		policy = observed{"policy": "unreachable", "policy_stage": "tls", "policy_reason": "handshake_failure", "tls_error": "handshake_failure", "findings": []string{"client_limit_possible"}}
	}
	maps.Copy(row, policy)
	row["dns_ms"], row["delegation"] = i%5, "none"
	if row["policy_stage"] != "dns" {
		addr := fmt.Sprintf("22.0.%d.%d", i/250, i%250)
		row["host_addrs"], row["addr"], row["ipv4"] = []string{addr}, addr, "connected"
		switch i % 25 { // a large operator, one of a size between, and those who do it themselves
		default:
		case 1, 4, 6, 9, 11, 14, 16, 19, 21, 24:
			row["host_cnames"], row["host_delegated_to"], row["delegation"] = []string{"x.large.example"}, "large.example", "host_only"
		case 12:
			row["host_cnames"], row["host_delegated_to"], row["delegation"] = []string{"x.middle.example"}, "middle.example", "host_only"
		}
	}
	if row["policy_reason"] == "nxdomain" {
		row["host_cnames"], row["findings"] = []string{fmt.Sprint("gone.", row["domain"])}, []string{"host_cname_dangling"}
	}
	if row["policy"] != "valid" {
		row["tlsrpt_result"] = "sts-policy-fetch-error"
		return
	}
	switch row["mx_kind"] {
	case "unknown":
		row["mx_match"] = "unknown"
	case "null":
		row["mx_match"] = "null_mx"
	case "none":
		row["mx_match"] = "no_mx"
	default:
		row["mx_match"] = "unknown"
		if l[matchFacet] >= 0 {
			row["mx_match"] = all[matchFacet][l[matchFacet]]["mx_match"]
		}
	}
	row["mx_patterns"] = []string{fmt.Sprintf("*.provider%d.example", (i+1)%4)}
	row["findings"] = []string{"policy_line_feed_ends"}
	if row["mx_match"] == "none" {
		row["mismatch"], row["findings"] = "typo", []string{"policy_line_feed_ends", "mx_not_covered"}
	}
}

// verdictOf is the verdict as docs/verdict.md has it, without probes.
func verdictOf(row observed) string {
	match := row["mx_match"]
	switch {
	case row["record"] == "absent":
		return "no_sts"
	case row["record"] == "unknown", row["policy"] == "unknown":
		return "unknown"
	case row["findings"] != nil && row["policy"] == "unreachable":
		return "unknown" // a limit of the client
	case row["policy"] != "valid":
		return "broken"
	case row["mode"] == "none":
		return "valid_none"
	case match == "unknown":
		return "unknown"
	case row["mode"] == "testing" && (match == "some" || match == "none"):
		return "testing_would_fail"
	case row["mode"] == "testing":
		return "testing_ok"
	}
	return map[any]string{"some": "enforce_partial", "none": "enforce_refused"}[match] + map[bool]string{true: "enforce_ok"}[match != "some" && match != "none"]
}

// doubtfulTypes are the types of columns that are not VARCHAR.
var doubtfulTypes = map[string]string{
	"rank": "BIGINT", "attempts": "INTEGER", "lookup_ms": "INTEGER", "tcp": "BOOLEAN", "observed_at": "TIMESTAMPTZ", "pass": "INTEGER", "tags": "MAP(VARCHAR, VARCHAR)",
	"cnames": "VARCHAR[]", "cert_names": "VARCHAR[]", "http_status": "INTEGER", "http_ms": "INTEGER", "max_age": "BIGINT", "body_bytes": "BIGINT", "lenient": "BOOLEAN",
	"rua_kinds": "VARCHAR[]", "rua_domains": "VARCHAR[]", "wildcard_suspected": "BOOLEAN", "mx": "STRUCT(host VARCHAR, preference INTEGER, starttls VARCHAR)[]",
	"findings": "VARCHAR[]", "cert_not_after": "TIMESTAMPTZ", "dns_ms": "INTEGER", "txt_count": "INTEGER", "host_addrs": "VARCHAR[]", "host_cnames": "VARCHAR[]", "mx_patterns": "VARCHAR[]", "strict": "BOOLEAN",
}

// write writes what was found of the domains of those numbers as a part of a run.
func (d doubtful) write(t testing.TB, db *sql.DB, dir string, part int, numbers []int) {
	t.Helper()
	types := make(map[string]string)
	var lines []byte
	all := cases()
	for _, i := range numbers {
		row := d[i].row(i, all)
		for name := range row {
			types[name] = "VARCHAR"
			if kind, ok := doubtfulTypes[name]; ok {
				types[name] = kind
			}
		}
		line, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, line...), '\n')
	}
	var list []string
	for name, kind := range types {
		list = append(list, fmt.Sprintf("%s: %s", name, quote(kind)))
	}
	path := filepath.Join(dir, fmt.Sprintf("part-%06d.parquet", part))
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = os.WriteFile(path+".jsonl", lines, 0o644)
	}
	if err == nil {
		_, err = db.Exec(fmt.Sprintf("COPY (FROM read_json(%s, format = 'newline_delimited', columns = {%s})) TO %s (FORMAT parquet)",
			quote(path+".jsonl"), strings.Join(list, ", "), quote(path)))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// numbers are those of all domains but some.
func (d doubtful) numbers(but ...int) (numbers []int) {
	for i := range d {
		if !slices.Contains(but, i) {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// writeManifest writes the manifest of the shared run, as if it had been made on a day of November.
func writeManifest(t testing.TB, dir string, day int) {
	t.Helper()
	began := time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC)
	data, err := os.ReadFile(filepath.Join(shared.dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	m["started_at"], m["ended_at"], m["status"] = began, began.Add(time.Hour), "complete"
	if data, err = json.Marshal(m); err == nil {
		err = os.WriteFile(filepath.Join(dir, "run.json"), data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
