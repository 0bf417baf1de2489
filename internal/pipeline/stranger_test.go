package pipeline

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"reflect"
	"syscall"
	"testing"
	"unicode/utf8"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
	"stsscan/internal/survey"
)

// A host whose certificate is valid from before the year 0 to after the year 9999, as an offset in its dates can
// say, has a row as others have: JSON and many readers of tables have no such dates.
func TestDatesBeyondTheCalendar(t *testing.T) {
	cert, err := tls.LoadX509KeyPair("testdata/odd-dates.pem", "testdata/odd-dates.pem")
	if err != nil {
		t.Fatal(err)
	}
	world, err := simnet.Generate("errors", 7, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	engine := inMemory{world: world}
	transport, err := egress.NewTransport(egress.Config{
		Manners: egress.NoManners(), Resolve: survey.Hosts(engine, nil), Roots: world.Roots(), UserAgent: "stsscan/test",
		Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				defer theirs.Close()
				conn := tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{cert}})
				if conn.Handshake() == nil {
					_, _ = conn.Read(make([]byte, 1))
				}
			}()
			return ours, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := Config{Engine: engine, Client: &mtasts.Client{Exchanger: engine, Transport: transport}}
	if err := scanInto(t.Context(), t, config, listed{parts: 1, size: 50}, dir); err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, row := range rowsIn(t, dir) {
		if row.CertSHA256 == "" {
			continue
		}
		shown++
		dated := row.CertNotBefore != nil || row.CertNotAfter != nil
		if dated || row.TLSError != string(codes.TLSSelfSigned) || row.Pending != "" {
			t.Errorf("%s: %v to %v, %s, %s", row.Domain, row.CertNotBefore, row.CertNotAfter, row.TLSError, row.Pending)
		}
	}
	if shown == 0 {
		t.Error("no certificate was seen")
	}
}

// noHosts is a transport that reaches no host.
type noHosts struct{}

func (noHosts) RoundTrip(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED }

// wantBounded looks at what strangers decide the size of: no text of a row is longer than 512 octets, but for the
// raw ones, and no list is longer than what it stands for may be.
func wantBounded(t *testing.T, row *output.Row) {
	t.Helper()
	fields := reflect.ValueOf(row).Elem()
	for i := range fields.NumField() {
		texts, _ := fields.Field(i).Interface().([]string)
		if text, ok := fields.Field(i).Interface().(string); ok {
			texts = []string{text}
		}
		for _, text := range texts {
			if len(text) > 512 || !utf8.ValidString(text) {
				t.Errorf("%s: %s is %.600q", row.Domain, fields.Type().Field(i).Name, text)
			}
		}
	}
	octets := 0
	for _, txt := range row.TXT {
		octets += len(txt)
	}
	if len(row.TXT) > 64 || octets > 16<<10 {
		t.Errorf("%d TXT records of %d octets", len(row.TXT), octets)
	}
	if aliases := max(len(row.CNAMEs), len(row.HostCNAMEs)); len(row.EDE) > 19 || aliases > 16 {
		t.Errorf("%d extended errors, %d aliases", len(row.EDE), aliases)
	}
}
