package survey

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

const classesPage = "../../docs/classes.md"

// A classLine is a line of the tables of classes.
type classLine struct{ stage, reason, policy, result string }

// classLines reads the tables: each line's meaning is for people.
func classLines(t *testing.T) []classLine {
	t.Helper()
	page, err := os.ReadFile(classesPage)
	if err != nil {
		t.Fatal(err)
	}
	var lines []classLine
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		stage := strings.TrimPrefix(cells[0], "| ")
		if stage == cells[0] || !slices.Contains(codes.Stages(), codes.Stage(stage)) {
			continue
		}
		if len(cells) != 5 || strings.TrimSuffix(cells[4], " |") == "" {
			t.Fatalf("%s: not five cells: %s", classesPage, line)
		}
		lines = append(lines, classLine{stage, cells[1], cells[2], strings.TrimPrefix(cells[3], "-")})
	}
	return lines
}

// The tables have each reason of each stage once, with its result.
func TestClassesAreDocumented(t *testing.T) {
	lines := classLines(t)
	i := 0
	for _, stage := range codes.Stages() {
		for _, reason := range codes.PolicyReasons(stage) {
			n := 0
			for _, line := range lines {
				if line.stage == string(stage) && line.reason == string(reason) {
					n++
					if line.result != string(codes.Result(stage, reason)) {
						t.Errorf("%s %s: result %q, and codes says %q", stage, reason, line.result, codes.Result(stage, reason))
					}
				}
			}
			if i++; n != 1 {
				t.Errorf("%s %s has %d lines", stage, reason, n)
			}
		}
	}
	if i != len(lines) {
		t.Errorf("%d lines for %d reasons", len(lines), i)
	}
}

// Each line of the tables, and each word of the closed sets of retrieval, is produced by a domain of the simulated
// Internet, and nothing else is.
func TestClassesAreProduced(t *testing.T) {
	lines := classLines(t)
	produced := make(map[classLine]string)
	words := make(map[string]map[string]bool)
	note := func(column, word string) {
		if words[column] == nil {
			words[column] = make(map[string]bool)
		}
		words[column][word] = true
	}
	look := func(world string, row *output.Row) {
		note("policy", row.Policy)
		note("tls_error", row.TLSError)
		note("body_framing", row.BodyFraming)
		note("ipv4", row.IPv4)
		note("ipv6", row.IPv6)
		for _, outcome := range row.TriedOutcomes {
			note("tried_outcomes", outcome)
		}
		if row.PolicyStage == "" {
			return
		}
		line := classLine{row.PolicyStage, row.PolicyReason, row.Policy, row.TLSRPTResult}
		if !slices.Contains(lines, line) {
			t.Errorf("%s: %s: %+v is in no table", world, row.Domain, line)
		}
		produced[line] = world
	}
	inEachWorld(t, look)
	for _, line := range lines {
		if produced[line] == "" {
			t.Errorf("no domain of any world is %+v", line)
		}
	}
	for _, column := range output.Columns() {
		if words[column.Name] == nil {
			continue
		}
		for _, word := range column.Values {
			// Both families meet connections alike; one is enough.
			if !words[column.Name][word] && !(column.Name == "ipv6" && words["ipv4"][word]) {
				t.Errorf("no domain of any world has %s %s", column.Name, word)
			}
		}
	}
}

// inEachWorld surveys all domains of the written worlds, one domain of each class of the model errors, and some
// that depend on who asks.
func inEachWorld(t *testing.T, look func(world string, row *output.Row)) {
	synctest.Test(t, func(t *testing.T) {
		for _, path := range []string{fetchWorld, tlsWorld, hostileWorld} {
			world, err := simnet.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			config := inWorld(t, world)
			for _, domain := range world.Domains() {
				look(path, surveyed(t, config, domain))
			}
			world.Close()
		}
	})
	synctest.Test(t, func(t *testing.T) {
		world, err := simnet.Generate("errors", 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		config := inWorld(t, world)
		seen := make(map[string]bool)
		for i := range 20_000 {
			domain := fmt.Sprintf("name%d.com", i)
			truth, ok := world.Truth(domain, 0)
			if ok && !seen[truth.Class] {
				seen[truth.Class] = true
				look("errors: "+truth.Class, surveyed(t, config, domain))
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		world, err := simnet.Open(fetchWorld)
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		for domain, door := range map[string]egress.Config{
			"fetch-06.example.com": {NoIPv4: true}, // has IPv4 only
			"fetch-19.example.com": {NoIPv6: true}, // has IPv6 only
			"fetch-35.example.com": {OptedOut: func(netip.Addr) bool { return true }},
		} {
			door.Resolve, door.Dial, door.Roots, door.Manners = Hosts(world,
				nil), world.DialContext, world.Roots(), egress.NoManners()
			transport, err := egress.NewTransport(door)
			if err != nil {
				t.Fatal(err)
			}
			look("special", surveyed(t, Config{Client: &mtasts.Client{Exchanger: world, Transport: transport}}, domain))
		}
	})
}

// What each address did is kept apart, with what the handshake chose.
func TestEvidenceOfAddresses(t *testing.T) {
	world, err := simnet.Open(fetchWorld)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	row := surveyed(t, inWorld(t, world), "more-unreachable-v6.example.com")
	if !slices.Equal(row.TriedAddrs, []string{"3ffe:5753:2::1", "22.1.8.1"}) ||
		!slices.Equal(row.TriedOutcomes, []string{"refused", "connected"}) ||
		len(row.TriedMS) != 2 || row.IPv6 != "refused" || row.IPv4 != "connected" || row.Addr != "22.1.8.1" ||
		*row.HostAddrsCount != 2 {
		t.Errorf("addresses %+v", row)
	}
	if row.TLSVersion != "1.3" || row.TLSCipher == "" || row.TLSGroup != "x25519" || row.TLSAlert != nil ||
		row.DNSMS == nil || row.ConnectMS == nil || row.TLSMS == nil || row.HTTPMS == nil || row.BodyMS == nil {
		t.Errorf("stages %+v", row)
	}
	row = surveyed(t, inWorld(t, world), "more-handshake.example.com")
	if row.TLSAlert == nil || *row.TLSAlert != 40 || row.IPv6 != "" || row.TLSGroup != "" {
		t.Errorf("alert %+v", row)
	}
}
