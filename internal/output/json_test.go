package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func jsonLine(t testing.TB, r *Row) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestJSONGolden(t *testing.T) {
	const want = `{"domain":"example.com","rank":9,"list":"names.csv","list_rank":7,"tld":"com",` +
		`"registered_domain":"example.com",` +
		`"tags":{"empty":"","owner":"Bücher & Söhne"},"record":"valid","record_reason":"other_txt","error":"ErrPolicyFetch",` +
		`"txt":["v=STSv1; id=1;",{"base64":"/wA="},""],"txt_count":3,"record_id":"1","extensions":["a=b"],` +
		`"cnames":["a.example.net","b.example.net"],"zone":"com","ttl":300,"rcode":"NOERROR","authenticated":true,"ede":[3,19],` +
		`"resolver":"[2001:db8::53]:53","attempts":2,"lookup_ms":5012,"tcp":true,"host_cnames":["c.example.net"],` +
		`"host_addrs":["192.0.2.1","2001:db8::1"],` +
		`"host_addrs_count":2,"tried_addrs":["2001:db8::1","192.0.2.1"],"tried_outcomes":["refused","connected"],"tried_ms":[7,0],"ipv4":"connected","ipv6":"refused","addr":"192.0.2.1","tls_version":"1.3","tls_cipher":"TLS_AES_128_GCM_SHA256","tls_group":"x25519","tls_alert":112,"tls_error":"expired",` +
		`"cert_issuer":"CN=R11,O=Let's Encrypt,C=US","cert_names":["mta-sts.example.com"],"cert_names_count":1,` +
		`"cert_not_before":"2026-10-23T21:04:05.678901Z","cert_not_after":"2027-01-23T21:04:05.678901Z","cert_sha256":"00ff",` +
		`"chain_length":2,"http_status":200,"http_location":"https://www.example.com/","content_type":"text/plain; charset=utf-8",` +
		`"content_encoding":"gzip","server":"nginx","body_bytes":3,"body_framing":"chunked","dns_ms":1,"connect_ms":2,"tls_ms":3,` +
		`"http_ms":4,"body_ms":0,"policy":"valid","policy_stage":"tls","policy_reason":"expired","policy_text":"a\r\n",` +
		`"policy_sha256":"aa","mode":"enforce","max_age":604800,"mx_patterns":["*.example.com"],"policy_extensions":["x: y"],` +
		`"mx_kind":"mx","mx_reason":"servfail","mx":[{"host":"mx1.example.com","preference":10,"matched":true,"tlsa":"usable","addr":"192.0.2.25",` +
		`"starttls":"certificate","first_starttls":null,"reply_code":null,"tls_version":"1.3","tls_error":"expired","cert_sha256":"0f","cert_not_after":"2026-11-23T21:04:05.678901Z"},` +
		`{"host":"mx2.example.com","preference":20,"matched":false,"tlsa":null,"addr":null,"starttls":"refused","first_starttls":"timeout","reply_code":554,"tls_version":null,` +
		`"tls_error":null,"cert_sha256":null,"cert_not_after":null},{"host":"localhost","preference":0,"matched":null,"tlsa":null,"addr":null,` +
		`"starttls":null,"first_starttls":null,"reply_code":null,"tls_version":null,"tls_error":null,"cert_sha256":null,"cert_not_after":null}],"mx_count":3,` +
		`"mx_authenticated":true,"mx_match":"some","mx_unused":["*.example.org"],"mismatch":"typo","mx_tls":"none","tlsrpt":"valid","tlsrpt_reason":"other",` +
		`"tlsrpt_txt":["v=TLSRPTv1; rua=mailto:a@example.com",{"base64":"/g=="}],"tlsrpt_txt_count":2,"tlsrpt_cnames":["r.example.net"],"rua":["mailto:a@example.com"],` +
		`"rua_kinds":["mailto"],"rua_domains":["example.com"],"dane":"some","tlsa_records":["mx1.example.com 3 1 1 aa"],"wildcard_suspected":false,` +
		`"delegation":"both","record_delegated_to":"example.net","host_delegated_to":"example.net","provider":"uriports","verdict":"enforce_partial",` +
		`"verdict_basis":"certificates",` +
		`"strict":true,"lenient":true,"findings":["policy_extension","record_extension"],"tlsrpt_result":"sts-webpki-invalid",` +
		`"vantage":"ams","observed_at":"2026-11-23T21:04:05.678901Z","pass":2,"pending":"transient","first_record":"unknown",` +
		`"first_record_reason":"timeout","first_policy":"unreachable","first_policy_stage":"tcp","first_policy_reason":"refused"}` + "\n"
	if got := jsonLine(t, every("example.com", 9)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// Each key is a column, in the order of the schema; NULL is null, and what is
// empty or zero is not.
func TestJSONColumns(t *testing.T) {
	lines := map[string]string{
		"full":   jsonLine(t, every("example.com", 1)),
		"least":  jsonLine(t, least("example.com", 1)),
		"hollow": jsonLine(t, hollow("example.com", 1)),
	}
	values := make(map[string]map[string]json.RawMessage)
	for name, line := range lines {
		var keys []string
		d := json.NewDecoder(strings.NewReader(line))
		if _, err := d.Token(); err != nil {
			t.Fatal(err)
		}
		values[name] = make(map[string]json.RawMessage)
		for d.More() {
			key, err := d.Token()
			if err != nil {
				t.Fatal(err)
			}
			var value json.RawMessage
			if err := d.Decode(&value); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key.(string))
			values[name][key.(string)] = value
		}
		for i, c := range shownColumns() {
			if i >= len(keys) || keys[i] != c.Name {
				t.Fatalf("%s: keys %q", name, keys)
			}
		}
	}
	for _, c := range shownColumns() {
		if got := string(values["full"][c.Name]); got == "null" {
			t.Errorf("full: %s is null", c.Name)
		}
		if got := string(values["least"][c.Name]); (got == "null") != c.Nullable {
			t.Errorf("least: %s is %s", c.Name, got)
		}
		hollow := strings.HasPrefix(c.Type, "list") || strings.HasPrefix(c.Type, "map") || c.Type == "binary" ||
			c.Type != "string" && c.Nullable
		if got := string(values["hollow"][c.Name]); hollow && got == "null" {
			t.Errorf("hollow: %s is null", c.Name)
		}
	}
}

// Whatever a stranger sent, a line is printable, and JSON gives it back.
func TestJSONProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := hollow("example.com", 1)
		r.Server = rapid.String().Draw(rt, "server")
		r.Tags = rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(rt, "tags")
		r.PolicyText = rapid.OneOf(rapid.SliceOf(rapid.Byte()),
			rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) })).Draw(rt, "policy")
		line := jsonLine(t, r)
		for _, c := range strings.TrimSuffix(line, "\n") {
			if !unicode.IsPrint(c) {
				rt.Fatalf("%q holds %q", line, c)
			}
		}
		var got struct {
			Server *string           `json:"server"`
			Tags   map[string]string `json:"tags"`
			Policy json.RawMessage   `json:"policy_text"`
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			rt.Fatal(err)
		}
		if (got.Server == nil) != (r.Server == "") || got.Server != nil && *got.Server != r.Server {
			rt.Errorf("server %v, want %q", got.Server, r.Server)
		}
		if !reflect.DeepEqual(got.Tags, r.Tags) {
			rt.Errorf("tags %q, want %q", got.Tags, r.Tags)
		}
		var text string
		var coded struct{ Base64 []byte }
		if utf8.Valid(r.PolicyText) {
			if err := json.Unmarshal(got.Policy, &text); err != nil || text != string(r.PolicyText) {
				rt.Errorf("policy %q, %v", text, err)
			}
		} else if err := json.Unmarshal(got.Policy, &coded); err != nil || !bytes.Equal(coded.Base64, r.PolicyText) {
			rt.Errorf("policy %q, %v", coded.Base64, err)
		}
	})
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errDisk }

func TestJSONWriteFails(t *testing.T) {
	if err := WriteJSON(failingWriter{}, least("example.com", 1)); !errors.Is(err, errDisk) {
		t.Error(err)
	}
}

func BenchmarkWriteJSON(b *testing.B) {
	j := NewJSONWriter(&bytes.Buffer{})
	r := negative("example.com", 1)
	b.ReportAllocs()
	for b.Loop() {
		j.w.(*bytes.Buffer).Reset()
		if err := j.Write(r); err != nil {
			b.Fatal(err)
		}
	}
}

// The value of a column alone is that of the whole row.
func TestJSONValue(t *testing.T) {
	for _, r := range []*Row{every("www.example.com", 1), least("www.example.com", 2), hollow("www.example.com", 3)} {
		var line bytes.Buffer
		if err := WriteJSON(&line, r); err != nil {
			t.Fatal(err)
		}
		members := make(map[string]json.RawMessage)
		if err := json.Unmarshal(line.Bytes(), &members); err != nil {
			t.Fatal(err)
		}
		values := NewJSONWriter(nil)
		for name, want := range members {
			if got := values.Value(name)(nil, r); string(got) != string(want) {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		labels := string(values.Value("registered_labels")(nil, r))
		if r.RegisteredLabels != nil && labels != fmt.Sprint(*r.RegisteredLabels) {
			t.Errorf("registered_labels: %s", labels)
		}
		if values.Value("nonsense") != nil || values.Value("") != nil {
			t.Error("there is a value of no column")
		}
	}
}
