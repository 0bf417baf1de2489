package survey

import (
	"fmt"
	"strings"
	"testing"

	"stsscan/internal/mtasts"
)

// A Policy Host of very many addresses: the dialer judges all of them, and a survey keeps the first ones and their
// number.
func TestHostsKeepFew(t *testing.T) {
	const n = 3000
	var zone strings.Builder
	zone.WriteString("-- zone --\n")
	for i := range n {
		fmt.Fprintf(&zone, "mta-sts.example.com. A 22.1.%d.%d\n", i/250, i%250)
	}
	var host mtasts.Host
	addrs, err := Hosts(inText(t, zone.String()).Client.Exchanger, nil)(withHost(t.Context(), &host),
		"mta-sts.example.com")
	if err != nil || len(addrs) != n {
		t.Fatalf("%d addresses, %v", len(addrs), err)
	}
	if host.Count != n || len(host.Addrs) != maxHostAddrs || cap(host.Addrs) > 2*maxHostAddrs {
		t.Errorf("%d of %d addresses are kept, with room for %d", len(host.Addrs), host.Count, cap(host.Addrs))
	}
}
