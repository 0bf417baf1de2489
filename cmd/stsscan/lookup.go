package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/survey"
)

func newLookup(std streams) *cobra.Command {
	var (
		network networkFlags
		mail    mailFlags
		fail    failOn
		asJSON  bool
		verbose bool
	)
	cmd := &cobra.Command{
		Use:   "lookup [flags] DOMAIN...",
		Short: "Look up one domain and show everything seen, for people",
		Long: `lookup asks for the record, the policy and the mail side of each domain and shows
what is published, each check with its mark (ok, warn, FAIL, unknown, none), what
senders will do, and what to change (RFC 8461). With --probe-mx it talks to the MX
hosts, with --json it prints the row that a scan would write. Where there is no record
it also looks where some are put by mistake, at the domain itself and at _mta_sts, and
says what is there (in JSON: "elsewhere").`,
		Args: atLeast(1, "DOMAIN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := network.check(); err != nil {
				return err
			}
			if err := mail.check(); err != nil {
				return err
			}
			if _, err := fail.verdicts(); err != nil {
				return err
			}
			names, err := normalizeAll(args, network.testBed())
			if err != nil {
				return err
			}
			excluded, err := domains.OpenExclusions(network.exclude)
			if err != nil {
				return err
			}
			console := &console{out: std.err}
			log := console.newLogger(!verbose, verbose)
			n, err := network.open(cmd.Context(), excluded, log, nil)
			if err != nil {
				return err
			}
			defer n.close()
			asked, err := mail.mail(n)
			if err != nil {
				return err
			}

			verdicts := make(map[codes.Verdict]int64)
			for i, name := range names {
				if excluded.Domain(name) {
					return fmt.Errorf("%s: opted out by %s", name, network.exclude)
				}
				row, err := n.survey(cmd.Context(), name, &network, asked)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				elsewhere, err := n.lookElsewhere(cmd.Context(), row, network.deadline)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				verdicts[codes.Verdict(row.Verdict)]++
				switch {
				case asJSON:
					err = writeLookup(std.out, row, elsewhere)
				default:
					if i > 0 {
						fmt.Fprintln(std.out)
					}
					err = writePage(std.out, row, elsewhere, colours(std.out))
				}
				if err != nil {
					return err
				}
			}
			return fail.judge(verdicts)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the row as JSON")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log each lookup and each fetch")
	network.register(cmd.Flags())
	mail.register(cmd.Flags(), "all")
	fail.register(cmd.Flags())
	return cmd
}

// survey makes the row of one domain.
func (n *network) survey(
	ctx context.Context, domain string, flags *networkFlags, mail survey.Mail,
) (*output.Row, error) {
	config := survey.Config{
		Client: n.client, Mail: mail, Deadline: flags.deadline, LastDeadline: flags.lastDeadline(),
	}
	return survey.Domain(ctx, config, domains.Name{Domain: domain, Rank: 1, List: "command line"})
}

// lookElsewhere looks where records are put by mistake, for a row without one.
func (n *network) lookElsewhere(
	ctx context.Context, row *output.Row, deadline time.Duration,
) ([]mtasts.Elsewhere, error) {
	if row.Record != string(codes.RecordAbsent) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	return mtasts.LookupElsewhere(ctx, n.engine, row.Domain)
}

// writeLookup writes a row as JSON, with what was found elsewhere, if anybody looked, as its
// last member.
func writeLookup(w io.Writer, row *output.Row, elsewhere []mtasts.Elsewhere) error {
	if elsewhere == nil {
		return output.WriteJSON(w, row)
	}
	var line bytes.Buffer
	if err := output.WriteJSON(&line, row); err != nil {
		return err
	}
	places, err := json.Marshal(elsewhere)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	columns := bytes.TrimSuffix(line.Bytes(), []byte("}\n"))
	if _, err := fmt.Fprintf(w, "%s,\"elsewhere\":%s}\n", columns, output.Escaped(places)); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// normalizeAll normalises the domains of a command line.
func normalizeAll(args []string, specialUse bool) ([]string, error) {
	rules := domains.Rules{AllowSpecialUse: specialUse}
	var names []string
	for _, arg := range args {
		name, err := rules.Normalize(arg)
		if err != nil {
			return nil, usage(err)
		}
		names = append(names, name)
	}
	return names, nil
}
