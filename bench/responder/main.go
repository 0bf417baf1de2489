// Command responder answers DNS questions over UDP as fast as one core can, so that a benchmark measures the client.
// The answer depends on the name and the seed alone: by default it is NXDOMAIN with the SOA of the domain or of its
// top-level domain, or NODATA.
//
//	taskset -c 1 responder --listen 127.0.0.1:5300 --latency 50ms --loss 0.01
//
// It prints its address when it starts and its counts when it is interrupted or terminated, each as a line of JSON.
// It speaks UDP only, has no DNSSEC, and resolves nothing.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"stsscan/internal/udpbatch"
)

// options are the flags.
type options struct {
	listen   string
	latency  time.Duration
	sigma    float64
	loss     float64
	shares   shares
	seed     uint64
	rcvbuf   int
	capacity float64
	segment  bool
	portable bool
	relay    string
	relayed  string
	stop     *atomic.Bool

	authoritative bool
}

// method is how the socket sends and receives.
func (o options) method() udpbatch.Method {
	switch {
	case o.portable:
		return udpbatch.Portable
	case !o.segment && !udpbatch.Auto.IsPortable():
		return udpbatch.Batch
	}
	return udpbatch.Auto
}

func main() {
	o := options{stop: new(atomic.Bool)}
	flag.StringVar(&o.listen, "listen", "127.0.0.1:5300", "UDP `address`; with port 0 the system chooses")
	flag.DurationVar(&o.latency, "latency", 0, "median of the log-normal `time` before each reply")
	flag.Float64Var(&o.sigma, "sigma", 0.6, "standard deviation of the logarithm of the latency")
	flag.Float64Var(&o.loss, "loss", 0, "`share` of the questions to drop, at random")
	flag.Float64Var(&o.shares.positive, "positive", 0, "`share` of the domains with a record")
	flag.Float64Var(&o.shares.servfail, "servfail", 0, "`share` of the domains that always get SERVFAIL")
	flag.Float64Var(&o.shares.nodata, "nodata", 0.1, "`share` of the domains with NODATA")
	flag.Float64Var(&o.shares.noDomain, "no-domain", 0.1,
		"`share` of the domains that do not exist: the SOA is of the top-level domain")
	flag.Uint64Var(&o.seed, "seed", 1, "`seed` that chooses the answers")
	flag.IntVar(&o.rcvbuf, "rcvbuf", 16<<20, "receive buffer of the socket in `octets`")
	flag.Float64Var(&o.capacity, "capacity", 0,
		"most `questions` a second; those above it wait in the receive buffer, or are lost; 0 for no limit")
	flag.BoolVar(&o.segment, "segment", true, "send replies of equal length with UDP_SEGMENT (Linux)")
	flag.BoolVar(&o.portable, "portable", false, "send one packet a call, as on systems other than Linux")
	flag.StringVar(&o.relay, "relay", "",
		"`address` of a server for the domains of --relay-list, and for all questions but those for _mta-sts TXT")
	flag.StringVar(&o.relayed, "relay-list", "", "`file` of domains, one a line")
	flag.BoolVar(&o.authoritative, "authoritative", false, "answer as an authoritative server: with AA, without RA")
	flag.Parse()

	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupts
		o.stop.Store(true)
	}()
	if err := run(o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "responder:", err)
		os.Exit(1)
	}
}

// run serves until o.stop is set.
func run(o options, out io.Writer) error {
	addr, err := net.ResolveUDPAddr("udp", o.listen)
	if err != nil {
		return err
	}
	network := "udp"
	if addr.AddrPort().Addr().Unmap().Is4() {
		network = "udp4"
	}
	conn, err := net.ListenUDP(network, addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	on, err := udpbatch.NewServer(o.method(), conn, 2*maxReply, o.rcvbuf)
	if err != nil {
		return err
	}

	source := rand.NewPCG(o.seed, 0)
	began := time.Now()
	s := &server{
		answers:       newAnswers(o.shares, o.seed),
		loss:          o.loss,
		pace:          pace{perSecond: o.capacity},
		authoritative: o.authoritative,
		random:        source,
		elapsed:       func() time.Duration { return time.Since(began) },
	}
	if o.latency > 0 {
		s.delays = newDelays(o.latency, o.sigma, rand.New(source), 0)
	}
	if o.relay != "" {
		s.relay, err = newRelay(o.relay, o.relayed, func(b []byte, to netip.AddrPort) { conn.WriteToUDPAddrPort(b, to) })
		if err != nil {
			return err
		}
		defer s.relay.to.Close()
		go s.relay.serve()
	}
	print := json.NewEncoder(out)
	if err := print.Encode(map[string]string{"listening": conn.LocalAddr().String()}); err != nil {
		return err
	}
	if err := s.serve(on, o.stop); err != nil {
		return err
	}
	return print.Encode(s.counts)
}

func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
