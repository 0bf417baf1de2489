package pipeline

import (
	"context"
	"sync"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
)

// maxTLSACache is how many hosts a tlsaCache keeps; a mail provider's few hosts
// serve most of the domains that ask for any.
const maxTLSACache = 1 << 14

// A tlsaCache keeps the answers about the TLSA records of MX hosts, for a run.
// Its zero value is ready, and nil keeps nothing.
type tlsaCache struct {
	mu    sync.Mutex
	hosts map[string]mtasts.HostTLSA
}

// lookup is [mtasts.LookupTLSA] for a host that may have been asked for before.
func (c *tlsaCache) lookup(ctx context.Context, ex mtasts.Exchanger, host string) (mtasts.HostTLSA, error) {
	if c == nil {
		return mtasts.LookupTLSA(ctx, ex, host)
	}
	c.mu.Lock()
	kept, ok := c.hosts[host]
	c.mu.Unlock()
	if ok {
		return kept, nil
	}
	found, err := mtasts.LookupTLSA(ctx, ex, host)
	if err != nil || found.Class == codes.TLSAUnknown {
		return found, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hosts == nil {
		c.hosts = make(map[string]mtasts.HostTLSA)
	}
	if len(c.hosts) < maxTLSACache {
		c.hosts[host] = found
	}
	return found, nil
}
