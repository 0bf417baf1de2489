package main

import (
	"strings"
	"testing"
)

const head = ";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: STATUS, id: 1\n\n"

func TestClassify(t *testing.T) {
	const soa = ";; AUTHORITY SECTION:\nexample.com.\t900\tIN\tSOA\tns. h. 1 2 3 4 5\n"
	for _, c := range []struct {
		what, text, record, rcode string
		txt                       int
	}{
		{"no name", "NXDOMAIN" + soa, "absent", "NXDOMAIN", 0},
		{"no data", "NOERROR" + soa, "absent", "NOERROR", 0},
		{"a referral", "NOERROR" + "example.com. 9 IN NS ns.example.com.\n", "unknown", "NOERROR", 0},
		{"a failure", "SERVFAIL", "unknown", "SERVFAIL", 0},
		{"refused", "REFUSED", "unknown", "REFUSED", 0},
		{"a record", "NOERROR" + `a. 9 IN TXT "v=STSv1; id=1;"`, "valid", "NOERROR", 1},
		{"strings are joined", "NOERROR" + `a. 9 IN TXT "v=STS" "v1; id=1;"`, "valid", "NOERROR", 1},
		{"a space before the first delimiter", "NOERROR" + `a. 9 IN TXT "v=STSv1 ; id=1"`, "valid", "NOERROR", 1},
		{"id is missing", "NOERROR" + `a. 9 IN TXT "v=STSv1; x=1;"`, "invalid", "NOERROR", 1},
		{"id is too long", "NOERROR" + `a. 9 IN TXT "v=STSv1; id=` + strings.Repeat("1", 33) + `;"`, "invalid", "NOERROR", 1},
		{"another record", "NOERROR" + `a. 9 IN TXT "v=spf1 -all"`, "absent", "NOERROR", 1},
		{"in company", "NOERROR" + "a. 9 IN TXT \"v=spf1 -all\"\na. 9 IN TXT \"v=STSv1; id=1\"\n", "valid", "NOERROR", 2},
		{"two records", "NOERROR" + "a. 9 IN TXT \"v=STSv1; id=1\"\na. 9 IN TXT \"v=STSv1; id=2\"\n", "multiple", "NOERROR", 2},
		{"an alias", "NOERROR" + "a. 9 IN CNAME b.\nb. 9 IN TXT \"v=STSv1; id=1\"\n", "valid", "NOERROR", 1},
		{"an alias of nothing", "NXDOMAIN" + "a. 9 IN CNAME b.\n" + soa, "absent", "NXDOMAIN", 0},
	} {
		code, rest := c.text, ""
		for _, rcode := range []string{"NXDOMAIN", "NOERROR", "SERVFAIL", "REFUSED"} {
			if r, ok := strings.CutPrefix(c.text, rcode); ok {
				code, rest = rcode, r
			}
		}
		text := strings.Replace(head, "STATUS", code, 1) + rest
		got, err := classify("a.", func(string) (string, error) { return text, nil })
		if err != nil || got.Record != c.record || got.Rcode != c.rcode || len(got.TXT) != c.txt {
			t.Errorf("%s: %+v, %v", c.what, got, err)
		}
	}
}

// If a server does not follow an alias, its target is asked for.
func TestFollowAlias(t *testing.T) {
	answers := map[string]string{"a.": "a. 9 IN CNAME b.\n", "b.": "b. 9 IN TXT \"v=STSv1; id=1\"\n"}
	got, err := classify("a.", func(name string) (string, error) {
		return strings.Replace(head, "STATUS", "NOERROR", 1) + answers[name], nil
	})
	if err != nil || got.Record != "valid" {
		t.Errorf("%+v, %v", got, err)
	}
}

// A silent server is silent to dig as well as to the scanner. That excuses no other class.
func TestSilent(t *testing.T) {
	rows := []row{{Record: "unknown"}, {Record: "unknown", Rcode: "SERVFAIL"}, {Record: "absent", Rcode: "NXDOMAIN"}}
	if n := compare(rows, func(string) (string, error) { return "", errSilent }); n != 1 {
		t.Errorf("%d differences, want 1", n)
	}
}

func TestCompare(t *testing.T) {
	ask := func(string) (string, error) { return strings.Replace(head, "STATUS", "NXDOMAIN", 1), nil }
	rows := []row{
		{Domain: "same.example", Record: "absent", Rcode: "NXDOMAIN"},
		{Domain: "class.example", Record: "unknown", Rcode: "NXDOMAIN"},
		{Domain: "rcode.example", Record: "absent", Rcode: "NOERROR"},
		{Domain: "txt.example", Record: "absent", Rcode: "NXDOMAIN", TXT: []string{"x"}},
	}
	if n := compare(rows, ask); n != 3 {
		t.Errorf("%d differences, want 3", n)
	}
}
