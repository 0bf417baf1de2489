package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/starttls"
	"stsscan/internal/survey"
)

// mailFlags say what to ask about the mail side of which domains.
type mailFlags struct {
	mx, tlsrpt, dane string
	probe            bool
	ehlo             string
}

// Values of --mx, --tlsrpt and --dane.
const (
	extentRecord = "record"
	extentAll    = "all"
	extentNone   = "none"
)

// register registers the flags. Those of extents have extent as their default.
func (f *mailFlags) register(flags *pflag.FlagSet, extent string) {
	groupEveryday.addTo(flags, func(flags *pflag.FlagSet) {
		flags.BoolVar(&f.probe, "probe-mx", false,
			"connect to the mail servers of domains with a record and check STARTTLS; no mail is sent")
	})
	groupMail.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.mx, "mx", extent,
			"`WHICH`: whose MX hosts to ask for: record (domains with a record), all or none")
		flags.StringVar(&f.tlsrpt, "tlsrpt", extent, "`WHICH`: whose TLSRPT record to ask for: record, all or none")
		flags.StringVar(&f.dane, "dane", extent, "`WHICH`: whose TLSA records to ask for: record, all or none")
	})
	groupExpert.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.ehlo, "ehlo", "",
			"`NAME`: name of this host for mail servers; default the PTR record of its address")
	})
}

// check refuses flags that contradict each other or make no sense.
func (f *mailFlags) check() error {
	if f.ehlo != "" && !f.probe {
		return usage(errors.New("--ehlo is for --probe-mx"))
	}
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f }
	if strings.ContainsFunc(f.ehlo, odd) || len(f.ehlo) > 253 {
		return usage(fmt.Errorf("--ehlo %q: must be a host name or an address literal", f.ehlo))
	}
	_, err := f.extents()
	return err
}

// config is what the flags say. A probe reaches mail servers through n.
func (f *mailFlags) config(n *network) (survey.Mail, error) {
	m, err := f.extents()
	if err == nil && f.probe {
		m.Prober = starttls.New(starttls.Config{Dialer: survey.MailDoor(n.transport.MailDialer()), Name: f.ehloName(n)})
	}
	return m, err
}

// ehloName is the name of this host: that of the flag, or the PTR record of its address, asked for once.
func (f *mailFlags) ehloName(n *network) func(context.Context, netip.Addr) string {
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

// extents are the values of --mx, --tlsrpt and --dane.
func (f *mailFlags) extents() (m survey.Mail, err error) {
	for _, flag := range []struct {
		name, value string
		into        *survey.Extent
	}{{"mx", f.mx, &m.MX}, {"tlsrpt", f.tlsrpt, &m.TLSRPT}, {"dane", f.dane, &m.DANE}} {
		switch flag.value {
		case extentRecord:
			*flag.into = survey.ExtentRecord
		case extentAll:
			*flag.into = survey.ExtentAll
		case extentNone:
			*flag.into = survey.ExtentNone
		default:
			extents := []string{extentRecord, extentAll, extentNone}
			return m, usage(fmt.Errorf("--%s %w", flag.name, codes.Unknown(flag.value, extents)))
		}
	}
	return m, nil
}
