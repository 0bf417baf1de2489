package simnet

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

// Errors name the file, the line and the reason.
func TestOpenErrors(t *testing.T) {
	const zone = "-- zone --\nhost.example.com. A 22.1.0.1\nother.example.com. A 22.1.0.1\n" // lines 1 to 3
	cases := []struct {
		world string
		want  string // what follows the path
	}{
		{"", ": no file zone: not a world"},
		{"-- zone --\n", ":1: zone: no records"},
		{"-- zone --\n-- zone --\n", ":2: a second file \"zone\""},
		{"comment\n-- zone --\nhost.example.com. A 22.1.0.256\n", ":3: zone: bad A A: \"22.1.0.256\""},
		{"-- zone --\n\nhost A 22.1.0.1\n", ":3: zone: bad owner name: \"host\""},
		{"-- zone --\n$INCLUDE /etc/hosts\n", ":2: zone: $INCLUDE directive not allowed: \"/etc/hosts\""},
		{"-- zone --\nhost.example.com. CH TXT x\n", ":1: zone: host.example.com. 300 CH TXT \"x\": not of class IN"},
		{"-- zone --\ncom. NS ns.example.com.\n", ":1: zone: com. 300 IN NS ns.example.com.: a name of one label is not for a world to define"},
		{"-- zone --\na.example.com. CNAME b.example.com.\na.example.com. A 22.1.0.1\n", ":1: zone: a.example.com. 300 IN A 22.1.0.1: an alias beside other records"},
		{zone + "-- polices/host.example.com --\n", ":4: unknown file \"polices/host.example.com\": a world has zone, policy/<host>, faults and truth"},
		{zone + "-- policy/nowhere.example.com --\n", ":4: a policy of nowhere.example.com, which has no address in the zone"},
		{zone + "-- policy/host.example.com --\n-- policy/HOST.example.com --\n", ":5: a second policy of host.example.com"},

		{zone + "-- faults --\n\n# a comment\nhost.example.com ftp refuse\n", `:7: faults: unknown kind "ftp": there are dns, tcp, tls, smtp, http, header, delay and body`},
		{zone + "-- faults --\nhost.example.com smtp refuse\n", `:5: faults: unknown smtp play "refuse": there are good, no-starttls`},
		{zone + "-- faults --\nhost.example.com smtp good broken\n", `:5: faults: unknown tls play "broken"`},
		{zone + "-- faults --\nhost..example.com tcp refuse\n", `:5: faults: "host..example.com" is not a domain name`},
		{zone + "-- faults --\nnowhere.example.com tcp refuse\n", ":5: faults: nowhere.example.com has no address in the zone"},
		{zone + "-- faults --\nhost.example.com tcp refused\n", `:5: faults: unknown tcp fault "refused": there are serve, refuse, silent, unreachable, reset`},
		{zone + "-- faults --\nhost.example.com tcp refuse\nother.example.com tcp silent\n", ":6: faults: 22.1.0.1 is the address of another host, which says refuse"},
		{zone + "-- faults --\nhost.example.com tls expired\nhost.example.com tls good\n", ":6: faults: a second line about host.example.com tls"},
		{zone + "-- faults --\nhost.example.com tls broken\n", `:5: faults: unknown tls play "broken": there are good,`},
		{zone + "-- faults --\nhost.example.com tls expired example.net\n", `:5: faults: only wrong-name takes a hoster: "expired example.net"`},
		{zone + "-- faults --\nhost.example.com http\n", `:5: faults: http needs a status from 200 to 999, or 101: ""`},
		{zone + "-- faults --\nhost.example.com http 100\n", `:5: faults: http needs a status from 200 to 999, or 101: "100"`},
		{zone + "-- faults --\nhost.example.com http 302 https://example.net/\n", ":5: faults: not a header field, Name: value: "},
		{zone + "-- faults --\nhost.example.com header Server nginx\n", ":5: faults: not a header field, Name: value: "},
		{zone + "-- faults --\nhost.example.com delay 3\n", ":5: faults: time: missing unit"},
		{zone + "-- faults --\nhost.example.com delay -3s\n", `:5: faults: delay needs a duration such as 3s: "-3s"`},
		{zone + "-- faults --\nhost.example.com delay connect 3s\n", `:5: faults: delay is of handshake, header or body: "connect 3s"`},
		{zone + "-- faults --\nhost.example.com delay handshake\n", ":5: faults: time: invalid duration"},
		{zone + "-- faults --\nhost.example.com delay 3s\nhost.example.com delay header 4s\n", ":6: faults: a second line about host.example.com delay header"},
		{zone + "-- faults --\nhost.example.com body\n", `:5: faults: unknown body play ""`},
		{zone + "-- faults --\nhost.example.com body drip fast\n", `:5: faults: unknown words "fast"`},
		{zone + "-- faults --\nhost.example.com body drip\nhost.example.com body short\n", ":6: faults: a second line about host.example.com body play"},
		{zone + "-- faults --\nhost.example.com body encoding\n", ":5: faults: encoding needs a name"},
		{zone + "-- faults --\nhost.example.com body prefix bom\n", ":5: faults: prefix needs a string in quotes, as Go writes it: bom"},
		{zone + "-- faults --\nhost.example.com body size 100\n", ":5: faults: size needs a policy that ends with a line end"},
		{zone + "-- policy/host.example.com --\nx\n-- faults --\nhost.example.com body size many\n", `:7: faults: size needs a number of octets up to 16777216: "many"`},
		{zone + "-- policy/host.example.com --\nx\n-- faults --\nhost.example.com body size 1\n", ":7: faults: the policy has 2 octets already, more than 1"},
		{zone + "-- policy/host.example.com --\nx\n-- faults --\nhost.example.com body size 9\n", ":7: faults: 7 octets are too few for a padding line in 9"},
		{zone + "-- faults --\nx.example.com dns\n", `:5: faults: unknown dns fault ""`},
		{zone + "-- faults --\nx.example.com dns rcode\n", `:5: faults: rcode needs a number from 1 to 4095: "rcode"`},
		{zone + "-- faults --\nx.example.com dns rcode 0\n", `:5: faults: rcode needs a number from 1 to 4095: "rcode 0"`},
		{zone + "-- faults --\nx.example.com dns silent TEXT\n", `:5: faults: unknown record type "TEXT"`},
		{zone + "-- faults --\nx.example.com dns servfail ede x\n", `:5: faults: ede needs a number: "servfail ede x"`},
		{zone + "-- faults --\nx.example.com dns silent TXT now\n", `:5: faults: unknown words "now"`},
		{zone + "-- faults --\nx.example.com dns silent\nx.example.com dns refused\n", ":6: faults: a second line about x.example.com dns None"},

		{zone + "-- truth --\nexample.com record\n", `:5: truth: not key=value: "record"`},
		{zone + "-- truth --\nexample.com record=good\n", `:5: truth: record: "good" is none of ["valid"`},
		{zone + "-- truth --\nexample.com recod=valid\n", `:5: truth: unknown key "recod"`},
		{zone + "-- truth --\nexample.com record=valid record=valid\n", ":5: truth: a second record"},
		{zone + "-- truth --\nexample.com stage=tls reason=nodata\n", `:5: truth: stage "tls" has no reason "nodata"`},
		{zone + "-- truth --\nexample.com findings=mx_missing,none\n", `:5: truth: findings: "none" is none of`},
		{zone + "-- truth --\nexample.com reason=nodata\n", `:5: truth: stage "" has no reason "nodata"`},
		{zone + "-- truth --\nexample.com max_age=long\n", ":5: truth: max_age: strconv.ParseInt"},
		{zone + "-- truth --\nexample.com record=valid\nexample.com record=valid\n", ":6: truth: a second line about example.com"},
	}
	for _, c := range cases {
		path := writeText(t, c.world)
		w, err := Open(path)
		if err == nil {
			w.Close()
			t.Errorf("%q: no error", c.world)
			continue
		}
		if got := strings.TrimPrefix(err.Error(), path); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q:\n got %s\nwant %s", c.world, got, c.want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "nowhere")); !os.IsNotExist(err) {
		t.Errorf("no such file: %v", err)
	}
}

// A folder is the same world as an archive, and its errors name its files.
func TestOpenFolder(t *testing.T) {
	folder := t.TempDir()
	write := func(name, data string) {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("zone", "mta-sts.example.com. A 22.1.0.1\n")
	write("policy/mta-sts.example.com", "version: STSv1\r\nno line end")
	write(".hidden/file", "not of the world")
	write(".DS_Store", "nor is this")
	w, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	_, body, err := get(client(w, time.Minute), "mta-sts.example.com")
	if string(body) != "version: STSv1\r\nno line end" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	write("faults", "# first\nmta-sts.example.com tcp never\n")
	_, err = Open(folder)
	if want := filepath.Join(folder, "faults") + ":2: faults: unknown tcp fault"; err == nil ||
		!strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestReadTruth(t *testing.T) {
	w := openText(t, `
-- zone --
example.com. MX 0 .
-- truth --
# everything there is
Example.COM. class=all record=valid record_reason=nodata record_id=1 cnames=a.example,b.example `+
		`error=ErrDNS policy=unknown stage=dns reason=timeout tls_error=expired status=404 `+
		`host_cnames=c.example mode=testing max_age=0 mx=a.example,*.b.example strict=false lenient=true `+
		`findings=negative_without_soa,mx_missing
example.net record=absent tlsrpt_result=sts-policy-invalid mx_kind=null findings=null_mx_preference,null_mx_not_alone
`)
	want := Truth{
		Class: "all", Record: codes.RecordValid, RecordReason: codes.RecordNoData, RecordID: "1",
		CNAMEs: []string{"a.example", "b.example"}, Error: codes.ErrDNS, Policy: codes.PolicyUnknown,
		Stage: codes.StageDNS, Reason: codes.ReasonTimeout, TLSError: codes.TLSExpired, HTTPStatus: 404,
		HostCNAMEs: []string{"c.example"}, Mode: codes.ModeTesting, MaxAge: new(int64),
		MX: []string{"a.example", "*.b.example"}, Strict: new(false), Lenient: new(true),
		Findings: []codes.Finding{codes.FindNegativeWithoutSOA, codes.FindMXMissing},
	}
	if got, ok := w.Truth("EXAMPLE.com", 7); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("Truth = %+v, %t, want %+v", got, ok, want)
	}
	mail := Truth{
		Record: codes.RecordAbsent, TLSRPTResult: codes.TLSRPTPolicyInvalid, MXKind: codes.MXNull,
		Findings: []codes.Finding{codes.FindNullMXPreference, codes.FindNullMXNotAlone},
	}
	if got, ok := w.Truth("example.net", 7); !ok || !reflect.DeepEqual(got, mail) {
		t.Errorf("Truth = %+v, %t, want %+v", got, ok, mail)
	}
	if got, ok := w.Truth("example.org", 7); ok {
		t.Errorf("Truth of a domain without a line: %+v", got)
	}
	if got, want := w.Domains(), []string{"example.com", "example.net"}; !reflect.DeepEqual(got, want) {
		t.Errorf("Domains = %q, want %q", got, want)
	}
}

// The world that comes with the package opens, every domain of it has its truth, and what is not absent or
// broken in the DNS has a record.
func TestFetchWorld(t *testing.T) {
	w, err := Open(filepath.Join("testdata", "fetch.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	domains := w.Domains()
	if len(domains) < 65 {
		t.Errorf("%d domains, want one for each of 65 situations and more", len(domains))
	}
	for i, domain := range domains {
		truth, ok := w.Truth(domain, int64(i+1))
		if !ok || truth.Record == "" || truth.Policy == "" {
			t.Errorf("%s: %+v, %t", domain, truth, ok)
		}
		if truth.Record != codes.RecordValid {
			continue
		}
		reply, err := w.Exchange(t.Context(), question("_mta-sts."+domain, dns.TypeTXT))
		if err != nil || len(reply.Answer) == 0 {
			t.Errorf("%s: %v, %v", domain, reply, err)
		}
	}
}
