package egress

import (
	"net/netip"
	"time"
)

// A Reach says how connections to one port went, in one address family.
type Reach struct {
	Port       uint16
	IPv6       bool
	Made       int64     // connections
	Last       time.Time // when the last one was made; zero: none was
	OutOfReach int       // hosts that could not be reached, while no connection was ever made; at most 1024
}

// Reached says how connections went, for each port and address family that was tried.
func (t *Transport) Reached() (list []Reach) {
	for _, port := range []uint16{httpsPort, smtpPort} {
		for _, ipv6 := range []bool{false, true} {
			c := t.dialer.families.of(port, ipv6)
			c.mu.Lock()
			one := Reach{Port: port, IPv6: ipv6, Made: c.connected, Last: c.last, OutOfReach: len(c.hosts)}
			c.mu.Unlock()
			if one.Made > 0 || !one.Last.IsZero() || one.OutOfReach > 0 {
				list = append(list, one)
			}
		}
	}
	return list
}

// Recall takes over the times of the last connections of earlier processes.
func (t *Transport) Recall(list []Reach) {
	now := time.Now()
	for _, before := range list {
		if t.dialer.families[before.Port] == nil {
			continue
		}
		last := before.Last
		if last.After(now) {
			last = now
		}
		c := t.dialer.families.of(before.Port, before.IPv6)
		c.mu.Lock()
		if last.After(c.last) {
			c.last = last
		}
		c.mu.Unlock()
	}
}

// RecallServed takes over that an earlier process was shown a certificate at an address.
func (t *Transport) RecallServed(addr netip.Addr) { t.served.note(addr, tlsServed) }
