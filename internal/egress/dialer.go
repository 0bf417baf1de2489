package egress

import (
	"errors"

	"stsscan/internal/limiter"
)

// A Dialer connects to port 443 of hosts whose addresses others chose. It may be used concurrently.
type Dialer struct {
	config     Config
	port       uint16
	limiter    *limiter.Limiter
	slow       *limiter.SlowHosts
	families   families
	ipv4, ipv6 bool // this machine, or the proxy, reaches the Internet of that family
}

// NewDialer makes a Dialer. Of c it uses Resolve, Dial, Proxy, NoIPv4, NoIPv6, OptedOut, Manners, Connections,
// DialTimeout and SettleTime.
func NewDialer(c Config) (*Dialer, error) {
	switch {
	case c.Resolve == nil:
		return nil, errors.New("egress: no resolver of host names")
	case c.Dial != nil && c.Proxy != nil:
		return nil, errors.New("egress: both a dial function and a proxy")
	}
	sockets := c.Dial == nil && c.Proxy == nil
	d := &Dialer{
		config: c.withDefaults(), port: httpsPort, limiter: limiter.New(c.Manners, c.Connections),
		slow: limiter.NewSlowHosts(c.Manners), families: newFamilies(sockets),
	}
	switch {
	case c.Proxy != nil:
		var err error
		if d.config.Dial, err = proxyDial(c.Proxy); err != nil {
			return nil, err
		}
	case c.Dial == nil:
		d.config.Dial = socketDial
	}
	d.ipv4, d.ipv6 = !sockets || hasIPv4(), !sockets || hasIPv6()
	if !d.ipv4 && !d.ipv6 { // a fault of this machine, which may pass
		d.ipv4, d.ipv6 = true, true
	}
	d.ipv4, d.ipv6 = d.ipv4 && !c.NoIPv4, d.ipv6 && !c.NoIPv6
	if !d.ipv4 && !d.ipv6 {
		return nil, errors.New("egress: neither IPv4 nor IPv6 to connect by")
	}
	return d, nil
}
