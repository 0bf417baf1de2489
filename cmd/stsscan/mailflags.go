package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"stsscan/internal/pipeline"
)

// mailFlags say what is asked about the mail side of which domains.
type mailFlags struct {
	mx, tlsrpt, dane string
}

func (f *mailFlags) register(flags *pflag.FlagSet, extent string) {
	flags.StringVar(&f.mx, "mx", extent, "ask for the MX hosts of `WHICH` domains: record (those with an MTA-STS record), all or none")
	flags.StringVar(&f.tlsrpt, "tlsrpt", extent, "ask for the TLSRPT record of `WHICH` domains: record, all or none")
	flags.StringVar(&f.dane, "dane", extent, "ask for the MX hosts of `WHICH` domains and their TLSA records: record, all or none")
}

// mail is what the flags say.
func (f *mailFlags) mail() (m pipeline.Mail, err error) {
	for _, flag := range []struct {
		name, value string
		into        *pipeline.Extent
	}{{"mx", f.mx, &m.MX}, {"tlsrpt", f.tlsrpt, &m.TLSRPT}, {"dane", f.dane, &m.DANE}} {
		switch flag.value {
		case "record":
			*flag.into = pipeline.ExtentRecord
		case "all":
			*flag.into = pipeline.ExtentAll
		case "none":
			*flag.into = pipeline.ExtentNone
		default:
			return m, usage(fmt.Errorf("--%s %q: must be record, all or none", flag.name, flag.value))
		}
	}
	return m, nil
}
