package survey

import (
	"context"
	"sync"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
)

// Bounds of a tlsaCache. The few hosts of mail providers, with a few short records each, serve most domains. A host
// with longer records is asked each time, and a new host replaces any other: strangers fill the cache neither with
// octets nor with names.
const (
	maxTLSACache  = 1 << 14 // hosts
	maxTLSAOctets = 2 << 10 // of the name and the records of one
)

// A tlsaCache keeps the TLSA records of MX hosts, for a run. Its zero value is ready.
type tlsaCache struct {
	mu    sync.Mutex
	hosts map[string]mtasts.HostTLSA
}

// lookup is [mtasts.LookupTLSA], unless the host was asked before.
func (c *tlsaCache) lookup(ctx context.Context, ex mtasts.Exchanger, host string) (mtasts.HostTLSA, error) {
	c.mu.Lock()
	kept, ok := c.hosts[host]
	c.mu.Unlock()
	if ok {
		return kept, nil
	}
	found, err := mtasts.LookupTLSA(ctx, ex, host)
	if err == nil && found.Class != codes.TLSAUnknown && octetsOf(host, found) <= maxTLSAOctets {
		c.keep(host, found)
	}
	return found, err
}

func (c *tlsaCache) keep(host string, found mtasts.HostTLSA) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hosts == nil {
		c.hosts = make(map[string]mtasts.HostTLSA)
	}
	for other := range c.hosts {
		if len(c.hosts) < maxTLSACache {
			break
		}
		delete(c.hosts, other)
	}
	c.hosts[host] = found
}

func octetsOf(host string, found mtasts.HostTLSA) int {
	n := len(host)
	for _, record := range found.Records {
		n += len(record.Data)
	}
	return n
}
