package survey

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

// A key of a mail server that is too short is a finding, and no failure.
func TestShortKeyOfMailServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "world.txtar")
		text := "-- zone --\nexample.com. MX 10 mx.example.com.\n_mta-sts.example.com. TXT \"v=STSv1; id=1;\"\n" +
			"mta-sts.example.com. A 22.1.0.1\nmx.example.com. A 22.1.0.2\n-- faults --\nmx.example.com smtp good short-key\n" +
			"-- policy/mta-sts.example.com --\nversion: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		world, err := simnet.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		config := inWorld(t, world)
		config.Mail.Prober = newProber(t, config)
		row := surveyed(t, config, "example.com")
		short := slices.Contains(row.Findings, string(codes.FindMXCertKeyShort))
		if !short || slices.Contains(row.Findings, string(codes.FindCertKeyShort)) ||
			row.Verdict != string(codes.VerdictEnforceOK) {
			t.Errorf("%s, findings %q", row.Verdict, row.Findings)
		}
	})
}

// A process that takes up a run is told by a row of the short key of a mail server, where it is clear which has it;
// of others it knows nothing, and probes them itself.
func TestShortKeyAfterRestart(t *testing.T) {
	host := func(name, cert, first string) output.MXHost {
		h := output.MXHost{Host: name, STARTTLS: new("ok"), CertSHA256: &cert}
		if first != "" {
			h.FirstSTARTTLS = &first
		}
		return h
	}
	silent := output.MXHost{Host: "silent", STARTTLS: new("timeout")}
	for _, tt := range []struct {
		name  string
		hosts []output.MXHost
		known map[string]bool // by host: its key is short
	}{
		{"one host", []output.MXHost{host("a", "1", ""), silent}, map[string]bool{"a": true, "silent": false}},
		{"one certificate", []output.MXHost{host("a", "1", ""), host("b", "1", "")}, map[string]bool{"a": true, "b": true}},
		{"two certificates", []output.MXHost{host("a", "1", ""), silent, host("b", "2", "")}, map[string]bool{"silent": false}},
		{"one of them probed twice", []output.MXHost{host("a", "1", "refused"), host("b", "2", "")}, map[string]bool{"a": false}},
	} {
		row := &output.Row{Pass: 1, Pending: "transient", MX: tt.hosts, Findings: []string{string(codes.FindMXCertKeyShort)}}
		got := make(map[string]bool)
		for name, probe := range PreviousOf(row, 2).probes {
			got[name] = probe.Peer.ShortKey
		}
		if !maps.Equal(got, tt.known) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.known)
		}
	}
}

// Alert 40 may be a limit of this client until others are known to be served at the address, which depends on the
// order in which hosts are asked: the row waits for the next pass, which judges again.
func TestClientLimitIsJudgedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "world.txtar")
		text := "-- zone --\n"
		for _, domain := range []string{"a.example.com", "b.example.com"} {
			text += domain + ". MX 10 mx.example.com.\n_mta-sts." + domain + ". TXT \"v=STSv1; id=1;\"\nmta-sts." +
				domain + ". A 22.1.0.1\n"
		}
		text += "-- faults --\nmta-sts.a.example.com tls handshake-failure\n" +
			"-- policy/mta-sts.b.example.com --\nversion: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		world, err := simnet.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		config := inWorld(t, world)
		for _, step := range []struct {
			domain  string
			reason  codes.TLSError
			verdict codes.Verdict
			again   bool
		}{
			{"a.example.com", codes.TLSHandshakeFailure, codes.VerdictUnknown, true},
			{"a.example.com", codes.TLSHandshakeFailure, codes.VerdictUnknown, true},
			{"b.example.com", "", codes.VerdictEnforceOK, false},
			{"a.example.com", codes.TLSNoCertForName, codes.VerdictBroken, false},
		} {
			row := surveyed(t, config, step.domain)
			if row.TLSError != string(step.reason) || row.Verdict != string(step.verdict) ||
				row.Transient() != step.again || row.Limited() != step.again {
				t.Errorf("%s: %s, %s, findings %q, asked again %v; want %+v", step.domain, row.TLSError, row.Verdict,
					row.Findings, row.Transient(), step)
			}
		}
	})
}
