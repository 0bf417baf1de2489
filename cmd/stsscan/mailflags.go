package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"stsscan/internal/mtasts"
	"stsscan/internal/starttls"
	"stsscan/internal/survey"
)

// mailFlags say what is asked about the mail side of which domains.
type mailFlags struct {
	mx, tlsrpt, dane string
	probe            bool
	ehlo             string
}

func (f *mailFlags) register(flags *pflag.FlagSet, extent string) {
	flags.StringVar(&f.mx, "mx", extent, "ask for the MX hosts of `WHICH` domains: record (those with an MTA-STS record), all or none")
	flags.StringVar(&f.tlsrpt, "tlsrpt", extent, "ask for the TLSRPT record of `WHICH` domains: record, all or none")
	flags.StringVar(&f.dane, "dane", extent, "ask for the MX hosts of `WHICH` domains and their TLSA records: record, all or none")
	flags.BoolVar(&f.probe, "probe-mx", false, "connect to the MX hosts of domains with a record and look at STARTTLS and certificate: each host once, and in a scan a second time in a later pass where it offers no STARTTLS, refuses or is silent; no mail is sent")
	flags.StringVar(&f.ehlo, "ehlo", "", "who we are to mail servers: a host `NAME` (default: the PTR record of our address, else the address)")
}

// check refuses flags that contradict each other or make no sense.
func (f *mailFlags) check() error {
	if f.ehlo != "" && !f.probe {
		return usage(errors.New("--ehlo is for --probe-mx"))
	}
	if f.ehlo != "" && (strings.ContainsFunc(f.ehlo, func(r rune) bool { return r <= ' ' || r >= 0x7f }) || len(f.ehlo) > 253) {
		return usage(fmt.Errorf("--ehlo %q: must be a host name or an address literal", f.ehlo))
	}
	_, err := f.extents()
	return err
}

// mail is what the flags say, with a way to mail servers through n.
func (f *mailFlags) mail(n *network) (survey.Mail, error) {
	m, err := f.extents()
	if err == nil && f.probe {
		m.Prober = starttls.New(starttls.Config{Door: survey.MailDoor(n.mailDoor), Name: f.name(n)})
	}
	return m, err
}

// name is who we say we are: by flag, or by the name that the DNS has for our
// address, which is asked for once.
func (f *mailFlags) name(n *network) func(context.Context, netip.Addr) string {
	var mu sync.Mutex
	names := make(map[netip.Addr]string)
	return func(ctx context.Context, own netip.Addr) string {
		if f.ehlo != "" {
			return f.ehlo
		}
		mu.Lock()
		defer mu.Unlock()
		name, ok := names[own]
		if !ok {
			name = mtasts.LookupPTR(ctx, n.engine, own)
			names[own] = name
		}
		return name
	}
}

// extents are the domains that the flags name.
func (f *mailFlags) extents() (m survey.Mail, err error) {
	for _, flag := range []struct {
		name, value string
		into        *survey.Extent
	}{{"mx", f.mx, &m.MX}, {"tlsrpt", f.tlsrpt, &m.TLSRPT}, {"dane", f.dane, &m.DANE}} {
		switch flag.value {
		case "record":
			*flag.into = survey.ExtentRecord
		case "all":
			*flag.into = survey.ExtentAll
		case "none":
			*flag.into = survey.ExtentNone
		default:
			return m, usage(fmt.Errorf("--%s %q: must be record, all or none", flag.name, flag.value))
		}
	}
	return m, nil
}
