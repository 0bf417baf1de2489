package simnet

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// SOCKS5 (RFC 1928), sections 3 to 6: CONNECT without authentication.
const (
	socksVersion  = 5
	socksNoAuth   = 0
	socksNoMethod = 0xff
	socksConnect  = 1

	socksIPv4   = 1
	socksDomain = 3
	socksIPv6   = 4

	socksSucceeded   = 0
	socksFailure     = 1 // general failure
	socksUnreachable = 4 // host unreachable
	socksRefused     = 5
	socksNoCommand   = 7
	socksNoAddress   = 8 // address type not supported

	socksPatience = 10 * time.Second // for a request
)

// serveSOCKS connects one client to a host. The reply says how the address meets a connection: succeeded,
// refused, unreachable, a general failure, or silence until the client gives up; one that resets does so after
// the reply. Names, which a careful scanner never sends, are resolved in the world.
func (s *Server) serveSOCKS(conn *net.TCPConn) {
	conn.SetDeadline(time.Now().Add(socksPatience))
	at, code, err := s.world.socksRequest(conn)
	conn.SetDeadline(time.Time{})
	if err != nil {
		return
	}
	if code != socksSucceeded {
		socksReply(conn, code)
		return
	}
	switch s.world.connectPlay(at) {
	case tcpRefuse:
		socksReply(conn, socksRefused)
	case tcpUnreachable:
		socksReply(conn, socksUnreachable)
	case tcpSilent:
		linger(conn, 0)
	case tcpAbort, tcpOdd:
		socksReply(conn, socksFailure)
	case tcpReset:
		socksReply(conn, socksSucceeded)
		reset(conn)
	default:
		if socksReply(conn, socksSucceeded) == nil {
			s.world.serve(conn, at)
		}
	}
}

// socksReply sends a reply with an address that means nothing.
func socksReply(w io.Writer, code byte) error {
	_, err := w.Write([]byte{socksVersion, code, 0, socksIPv4, 0, 0, 0, 0, 0, 0})
	return err
}

// socksRequest reads the greeting and the request. code is the reply to a request that cannot be tried; err
// means that no reply is due.
func (w *World) socksRequest(rw io.ReadWriter) (at netip.AddrPort, code byte, err error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(rw, head[:2]); err != nil {
		return at, 0, err
	}
	if head[0] != socksVersion {
		return at, 0, errors.New("not SOCKS5")
	}
	methods := make([]byte, head[1])
	if _, err := io.ReadFull(rw, methods); err != nil {
		return at, 0, err
	}
	method := byte(socksNoMethod)
	for _, m := range methods {
		if m == socksNoAuth {
			method = socksNoAuth
		}
	}
	if _, err := rw.Write([]byte{socksVersion, method}); err != nil {
		return at, 0, err
	}
	if method == socksNoMethod {
		return at, 0, errors.New("no acceptable method")
	}
	if _, err := io.ReadFull(rw, head); err != nil {
		return at, 0, err
	}
	addr, code, err := w.socksAddr(rw, head[3])
	if err != nil || code == socksNoAddress {
		return at, code, err
	}
	port := make([]byte, 2)
	if _, err := io.ReadFull(rw, port); err != nil {
		return at, 0, err
	}
	if head[1] != socksConnect {
		code = socksNoCommand
	}
	return netip.AddrPortFrom(addr, binary.BigEndian.Uint16(port)), code, nil
}

// socksAddr reads an address of one of the three kinds.
func (w *World) socksAddr(r io.Reader, kind byte) (addr netip.Addr, code byte, err error) {
	var size [1]byte
	switch kind {
	case socksIPv4:
		size[0] = 4
	case socksIPv6:
		size[0] = 16
	case socksDomain:
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return addr, 0, err
		}
	default:
		return addr, socksNoAddress, nil
	}
	data := make([]byte, size[0])
	if _, err := io.ReadFull(r, data); err != nil {
		return addr, 0, err
	}
	if kind != socksDomain {
		addr, _ = netip.AddrFromSlice(data)
		return addr, socksSucceeded, nil
	}
	addr, ok := w.lookupAddr(string(data))
	if !ok {
		return addr, socksUnreachable, nil
	}
	return addr, socksSucceeded, nil
}

// lookupAddr is the first address of a name.
func (w *World) lookupAddr(name string) (netip.Addr, bool) {
	if _, ok := dns.IsDomainName(name); !ok {
		return netip.Addr{}, false
	}
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		q := new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype)
		reply, fault := w.answer(q)
		if fault == dnsSilent || fault == dnsGarbage || fault == dnsMalformed {
			continue
		}
		for _, rr := range reply.Answer {
			if addr := addrOf(rr); addr.IsValid() {
				return addr, true
			}
		}
	}
	return netip.Addr{}, false
}
