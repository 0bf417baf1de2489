package output

import (
	"cmp"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// at is a time with the precision of the table.
func at() time.Time { return time.Date(2026, 11, 23, 21, 4, 5, 678901000, time.UTC) }

// negative is the row of a domain that has no record: 99 rows of 100.
func negative(domain string, rank int64) *Row {
	return &Row{
		Domain: domain, Rank: rank, List: "names.txt", TLD: "com", RegisteredLabels: new(countLabels(domain)),
		Record: "absent", RecordReason: "nxdomain", Error: "ErrNoRecord", TXTCount: new(int32(0)),
		ZoneLabels: new(countLabels(domain)), Rcode: "NXDOMAIN", Authenticated: new(false), Resolver: "192.0.2.53:53", Attempts: 1, LookupMS: 12,
		Policy: "not_fetched", Verdict: "no_sts", ObservedAt: at(), Pass: 1,
	}
}

// valid is the row of a domain where all is well, with every column set that
// such a domain can have.
func valid(domain string, rank int64) *Row {
	return &Row{
		Domain: domain, Rank: rank, List: "names.csv", ListRank: new(int64(7)), TLD: "com", RegisteredLabels: new(countLabels(domain)),
		Tags:   map[string]string{"owner": "Bücher & Söhne", "empty": ""},
		Record: "valid", TXT: [][]byte{[]byte("v=STSv1; id=1;"), {0xff, 0}, {}}, TXTCount: new(int32(3)), RecordID: "1",
		Extensions: []string{"a=b"}, CNAMEs: []string{"a.example.net", "b.example.net"}, TTL: new(int32(300)), Rcode: "NOERROR",
		Authenticated: new(true), EDE: []int32{3, 19}, Resolver: "[2001:db8::53]:53", Attempts: 2, LookupMS: 5012, TCP: true,
		HostCNAMEs: []string{"c.example.net"}, HostAddrs: []string{"192.0.2.1", "2001:db8::1"}, Addr: "192.0.2.1", TLSVersion: "1.3",
		HostAddrsCount: new(int32(2)), TriedAddrs: []string{"2001:db8::1", "192.0.2.1"}, TriedOutcomes: []string{"refused", "connected"}, TriedMS: []int32{7, 0},
		IPv4: "connected", IPv6: "refused", TLSCipher: "TLS_AES_128_GCM_SHA256", TLSGroup: "x25519",
		CertIssuer: "CN=R11,O=Let's Encrypt,C=US", CertNames: []string{"mta-sts." + domain}, CertNamesCount: new(int32(1)),
		CertNotBefore: new(at().AddDate(0, -1, 0)), CertNotAfter: new(at().AddDate(0, 2, 0)), CertSHA256: "00ff", ChainLength: new(int32(2)),
		HTTPStatus: new(int32(200)), ContentType: "text/plain; charset=utf-8", Server: "nginx", BodyBytes: new(int64(3)),
		BodyFraming: "chunked", DNSMS: new(int32(1)), ConnectMS: new(int32(2)), TLSMS: new(int32(3)), HTTPMS: new(int32(4)), BodyMS: new(int32(0)),
		Policy: "valid", PolicyText: []byte("a\r\n"), PolicySHA256: "aa", Mode: "enforce", MaxAge: new(int64(604800)),
		MXPatterns: []string{"*.example.com"}, PolicyExtensions: []string{"x: y"}, Strict: new(true), Lenient: new(true),
		MXKind: "mx", MXCount: new(int32(3)), MXAuthenticated: new(true), MXMatch: "some", MXUnused: []string{"*.example.org"},
		MX: []MXHost{
			{Host: "mx1." + domain, Preference: 10, Matched: new(true), TLSA: new("usable"), Addr: new("192.0.2.25"), STARTTLS: new("certificate"),
				TLSVersion: new("1.3"), TLSError: new("expired"), CertSHA256: new("0f"), CertNotAfter: new(at())},
			{Host: "mx2." + domain, Preference: 20, Matched: new(false), STARTTLS: new("refused"), FirstSTARTTLS: new("timeout"), ReplyCode: new(int32(554))},
			{Host: "localhost"},
		},
		MXTLS: "none", TLSRPT: "valid", TLSRPTTXT: [][]byte{[]byte("v=TLSRPTv1; rua=mailto:a@example.com"), {0xfe}}, TLSRPTTXTCount: new(int32(2)), TLSRPTCNAMEs: []string{"r.example.net"},
		RUA: []string{"mailto:a@example.com"}, RUAKinds: []string{"mailto"}, RUADomains: []string{"example.com"},
		DANE: "some", TLSARecords: []string{"mx1." + domain + " 3 1 1 aa"}, WildcardSuspected: new(false),
		Delegation: "both", RecordDelegatedTo: "example.net", HostDelegatedTo: "example.net", Provider: "uriports",
		Verdict: "enforce_partial", VerdictBasis: "certificates",
		Findings: []string{"policy_extension", "record_extension"}, Vantage: "ams", ObservedAt: at(), Pass: 2,
		Pending: "transient", FirstRecord: "unknown", FirstRecordReason: "timeout", FirstPolicy: "unreachable",
		FirstPolicyStage: "tcp", FirstPolicyReason: "refused",
	}
}

// every is a row with no column NULL.
func every(domain string, rank int64) *Row {
	r := valid(domain, rank)
	r.RecordReason, r.Error, r.Zone, r.ZoneLabels = "other_txt", "ErrPolicyFetch", "net", new(int32(1))
	r.TLSAlert = new(int32(112))
	r.TLSError, r.HTTPLocation, r.ContentEncoding = "expired", "https://www.example.com/", "gzip"
	r.PolicyStage, r.PolicyReason, r.TLSRPTResult = "tls", "expired", "sts-webpki-invalid"
	r.MXReason, r.Mismatch, r.TLSRPTReason = "servfail", "typo", "other"
	return r
}

// least is a row with every column NULL that may be.
func least(domain string, rank int64) *Row {
	return &Row{
		Domain: domain, Rank: rank, List: "-", TLD: "com", Record: "unknown", Policy: "not_fetched", ObservedAt: at(),
	}
}

// hollow is a row whose lists, maps and bytes were observed and are empty.
func hollow(domain string, rank int64) *Row {
	r := least(domain, rank)
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		case reflect.Map:
			f.Set(reflect.MakeMap(f.Type()))
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		}
	}
	r.CertNotBefore, r.CertNotAfter = new(time.Unix(0, 0).UTC()), new(time.Unix(-1, 1000).UTC())
	return r
}

func identity() Identity {
	return Identity{Input: strings.Repeat("ab", 32), Config: "seed 1", Run: `{"flags":{}}`, Version: "v0.1.0"}
}

func open(t testing.TB, dir string, id Identity) *Dataset {
	t.Helper()
	d, err := Open(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// write makes part k of the ranks 1 to 1,000,000.
func write(t testing.TB, d *Dataset, k int, rows ...*Row) PartInfo {
	t.Helper()
	p, err := d.Create(k, 1, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Write(values(rows...)); err != nil {
		t.Fatal(err)
	}
	info, err := p.Commit()
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// values is a batch as a part takes it.
func values(rows ...*Row) []Row {
	batch := make([]Row, len(rows))
	for i, r := range rows {
		batch[i] = *r
	}
	return batch
}

func read(t testing.TB, path string) []*Row {
	t.Helper()
	var rows []*Row
	for r, err := range ReadPart(path) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

// wantRows compares rows in the order of their ranks: a part promises none.
func wantRows(t testing.TB, got, want []*Row) {
	t.Helper()
	got = slices.SortedFunc(slices.Values(got), func(a, b *Row) int { return cmp.Compare(a.Rank, b.Rank) })
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		g, w := reflect.ValueOf(got[i]).Elem(), reflect.ValueOf(want[i]).Elem()
		for f := range w.NumField() {
			if !reflect.DeepEqual(g.Field(f).Interface(), w.Field(f).Interface()) {
				t.Errorf("row %d, %s: %#v, want %#v", i, w.Type().Field(f).Name, g.Field(f), w.Field(f))
			}
		}
	}
}

// wantFiles checks that the directory holds just these files.
func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}
