package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newRoot(std streams) *cobra.Command {
	root := &cobra.Command{
		Use:                   "stsscan COMMAND",
		DisableFlagsInUseLine: true,
		Short:                 "Survey MTA-STS (RFC 8461) over long lists of domains",
		Long: `stsscan surveys MTA-STS (RFC 8461) over long lists of domains: it looks up the
record of each domain, fetches the policy of those that have one, says what is
wrong, and writes one row for each domain to Parquet.

Exit status:
    0  done
    1  failed
    2  the command line is wrong
    3  incomplete or stopped early: run the same command again to continue
    4  --fail-on found a domain
   11  another process uses the output directory
  130  stopped at once by a signal: scan, demo and simnet by the second, others
       by the first
A domain that fails is a row. It changes the exit status only with --fail-on.`,
		Example: `  stsscan lookup example.com
  stsscan scan -o run --contact https://example.org/survey tranco.csv.zip
  stsscan demo`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("unknown command %q: see stsscan --help", args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			return systemLimits().check(cmd.Name())
		},
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetHelpFunc(writeHelp)
	addHelp(root.Flags())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(fmt.Errorf("%w: see %s --help", err, cmd.CommandPath()))
	})
	root.AddCommand(
		newScan(std),
		newLookup(std),
		newDemo(std),
		newSimnet(std),
		newList(std),
		newCat(std),
		newVerify(std),
		newSchema(std),
		newVersion(std),
	)
	return root
}
