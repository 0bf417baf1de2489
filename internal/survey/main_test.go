package survey

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	fetchWorld   = "../simnet/testdata/fetch.txtar"
	tlsWorld     = "../simnet/testdata/tls.txtar"
	hostileWorld = "../simnet/testdata/hostile.txtar"
)

// inWorld is the Config of surveys in a world.
func inWorld(t *testing.T, world *simnet.World) Config {
	t.Helper()
	return through(t, world, world)
}

// through is inWorld where something else answers questions.
func through(t *testing.T, ex mtasts.Exchanger, world *simnet.World) Config {
	t.Helper()
	transport, err := egress.NewTransport(egress.Config{
		Manners: egress.NoManners(),
		Resolve: Hosts(ex, nil), Dial: world.DialContext, Roots: world.Roots(), UserAgent: "stsscan/test",
	})
	if err != nil {
		t.Fatal(err)
	}
	return Config{Client: &mtasts.Client{Exchanger: ex, Transport: transport}}
}

// inText is inWorld for a world written in the test.
func inText(t *testing.T, world string) Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "world.txtar")
	if err := os.WriteFile(path, []byte(world), 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := simnet.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return inWorld(t, opened)
}

// surveyed surveys a domain; a lookup has the time of three retrievals.
func surveyed(t *testing.T, config Config, domain string) *output.Row {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*config.withDefaults().LastDeadline)
	defer cancel()
	row, err := Domain(ctx, config, domains.Name{Domain: domain, Rank: 1, List: "test"})
	if err != nil {
		t.Fatalf("%s: %v", domain, err)
	}
	return row
}

func domainOf(i int) string { return fmt.Sprintf("d%d.example.com", i) }

// errLocal is a fault of this machine.
type errLocal struct{}

func (errLocal) Error() string { return "too many open files" }
func (errLocal) Local() bool   { return true }

// RecordReason is empty, as for the resolver's faults of its own.
func (errLocal) RecordReason() codes.RecordReason { return "" }

// record is a resource record.
func record(t *testing.T, line string) dns.RR {
	t.Helper()
	rr, err := dns.NewRR(line)
	if err != nil || rr == nil {
		t.Fatalf("%s: %v", line, err)
	}
	return rr
}

// differing are the columns in which two rows differ.
func differing(a, b *output.Row) (names []string) {
	one, other := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for i := range one.NumField() {
		if !reflect.DeepEqual(one.Field(i).Interface(), other.Field(i).Interface()) {
			names = append(names, one.Type().Field(i).Name)
		}
	}
	return names
}
