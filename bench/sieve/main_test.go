package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// Every name of a list is asked once, and counted as it is answered.
func TestSieve(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		soa, err := dns.NewRR("example. 900 IN SOA ns. hostmaster. 1 2 3 4 900")
		if err != nil {
			t.Error(err)
		}
		switch name := q.Question[0].Name; {
		case strings.HasPrefix(name, "_mta-sts.fails"):
			m.Rcode = dns.RcodeServerFailure
		case strings.HasPrefix(name, "_mta-sts.nodata"):
			m.Ns = []dns.RR{soa}
		case strings.HasPrefix(name, "_mta-sts.has"):
			txt, err := dns.NewRR(name + ` 900 IN TXT "v=STSv1; id=1"`)
			if err != nil {
				t.Error(err)
			}
			m.Answer = []dns.RR{txt}
		case strings.HasPrefix(name, "_mta-sts."):
			m.Rcode, m.Ns = dns.RcodeNameError, []dns.RR{soa}
		}
		w.WriteMsg(m)
	})}
	done := make(chan error, 1)
	go func() { done <- server.ActivateAndServe() }()
	defer func() {
		server.Shutdown()
		<-done
	}()

	var list strings.Builder
	for i := range 100 {
		fmt.Fprintf(&list, "none-%d.example\nnodata-%d.example\n", i, i)
	}
	list.WriteString("\nhas.example\nfails.example") // an empty line, and no end of line
	file := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, udp := range []string{"auto", "portable"} {
		var out bytes.Buffer
		if err := run([]string{"--resolvers", conn.LocalAddr().String(), "--retries", "0", "--udp", udp, file},
			&out); err != nil {
			t.Fatal(err)
		}
		var c counts
		if err := json.Unmarshal(out.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if want := (counts{Names: 202, NXDOMAIN: 100, NODATA: 100, Answered: 1, Unknown: 1, Questions: 202}); c != want {
			t.Errorf("%s: %+v, want %+v", udp, c, want)
		}
	}
}
