package main

import (
	"strings"
	"testing"
)

// A row has the remedy of what is wrong with it, with the names that it is about.
func TestRowRemedies(t *testing.T) {
	words, err := readDictionary()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ query, columns, values, want string }{
		{"fix_first", "stage reason", "record id_missing", "Correct the TXT record at _mta-sts.example.com: v=STSv1; id= and 1 to 32 letters and digits (section 3.1)."},
		{"fix_first", "stage reason", "record multiple", "Leave exactly one MTA-STS record at _mta-sts.example.com (section 3.1)."},
		{"fix_first", "stage reason", "tls expired", "Renew the certificate of mta-sts.example.com (section 3.3)."},
		{"fix_first", "stage reason", "dns servfail", ""}, // nothing that is sure to help
		{"fix_first", "cause hosts", "mx_not_covered mx1.example.net,mx2.example.net",
			"Add to the policy: mx: mx1.example.net, mx: mx2.example.net (section 4.1). Then change the id of the record."},
		{"fix_first", "cause hosts", "mx_not_covered ", "Remove the MX records that name no host (RFC 5321, section 5.1)."},
		{"fix_first", "cause hosts", "expired mx1.example.net", "Renew the certificate of mx1.example.net (section 4.2)."},
		{"fix_first", "cause hosts", "not_offered mx1.example.net", "Let mx1.example.net offer STARTTLS (section 4.2; RFC 3207)."},
		{"fix_first", "cause", "media_type_other", "Serve the policy as text/plain (section 3.2)."},
		{"fix_first", "cause", "certificate_ends", "Renew the certificate of mta-sts.example.com (section 3.3)."},
		{"fix_first", "cause", "mode_testing", "Once no report shows a failure, set mode enforce, then change the id of the record (sections 3.1 and 5)."},
		{"fix_first", "cause", "max_age_short", "Raise max_age to some weeks, then change the id of the record (sections 3.1 and 10.2)."},
		{"takeover", "finding", "record_cname_dangling", "Remove the alias to a name that does not exist: whoever registers that name speaks for you (section 8.2)."},
		{"expiring", "mode", "enforce", "Renew the certificate of mta-sts.example.com (section 3.3)."},
	} {
		table := &Table{Query: Query{Name: tt.query}, Columns: []Column{{Name: "domain"}}, Rows: [][]any{{"example.com"}}}
		values := strings.Split(tt.values, " ")
		for i, column := range strings.Fields(tt.columns) {
			table.Columns = append(table.Columns, Column{Name: column})
			table.Rows[0] = append(table.Rows[0], strings.ReplaceAll(values[i], ",", " "))
		}
		words.Remedies.add(table)
		if got := text(table, 0, "remedy"); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.query, tt.values, got, tt.want)
		}
	}
}

// Only hosts that a policy can list are named in a remedy: an MX record may name an address, or nothing.
func TestUncoveredHosts(t *testing.T) {
	const hosts = "mx.example.com 192.0.2.1 0.0.0.0 localhost mx.localhost mx.invalid mx_1.example.com 1.mx.example.net"
	var got string
	const sql = "SELECT array_to_string(uncovered(" +
		"list_transform(string_split(?, ' '), lambda h: {host: h, matched: false})), ' ')"
	if err := open(t).QueryRow(sql, hosts).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if want := "mx.example.com 1.mx.example.net"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
