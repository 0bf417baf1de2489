package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/codes"
	"stsscan/internal/config"
	"stsscan/internal/machine"
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
    4  --fail-on found a domain, or the run is suspect
   11  another process uses the output directory, or scans the same shard
  130  stopped at once by a signal: scan, demo and simnet by the second, others
       by the first
A domain that fails is a row. It changes the exit status only with --fail-on.`,
		Example: `  stsscan lookup example.com
  stsscan scan -o run --contact https://example.org/survey tranco.csv.zip
  stsscan demo`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("unknown command %q%s", args[0], instead(args[0], commandNames(cmd), "", cmd)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			return machine.Now().Check(cmd.Name())
		},
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetHelpFunc(writeHelp)
	groupEveryday.addTo(root.Flags(), func(flags *pflag.FlagSet) {
		flags.Bool("version", false, "print the version of the program")
	})
	root.Version = versionNumber()
	root.SetVersionTemplate(versionLine())
	addHelp(root.Flags())
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		newScan(std),
		newPrepare(std),
		newFinish(std),
		newLookup(std),
		newDemo(std),
		newSimnet(std),
		newList(std),
		newCat(std),
		newFetch(std),
		newVerify(std),
		newDiff(std),
		newSchema(std),
		newConfig(std),
		newVersion(std),
	)
	addCompletions(root)
	return root
}

// flagError says what was probably meant by a flag that a command does not have: another one, or another command.
func flagError(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return usage(fmt.Errorf("%w: see %s --help", config.Refused(err), cmd.CommandPath()))
	}
	name := unknown.GetSpecifiedName()
	if letters := unknown.GetSpecifiedShortnames(); len(letters) > 1 {
		name = letters // a long flag with one dash
	}
	var owners, flags []string
	for _, other := range append(cmd.Root().Commands(), cmd.Root()) {
		if other != cmd && other.Flags().Lookup(name) != nil {
			owners = append(owners, other.Name())
		}
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	if owners != nil && cmd.Flags().Lookup(name) == nil {
		return usage(fmt.Errorf("%w: --%s is a flag of %s", err, name, strings.Join(owners, ", ")))
	}
	return usage(fmt.Errorf("%w%s", err, instead(name, flags, "--", cmd)))
}

// instead says which word of a set was probably meant, or else where they all are.
func instead(typed string, set []string, prefix string, cmd *cobra.Command) string {
	if meant, ok := codes.Nearest(typed, set); ok {
		return ": did you mean " + prefix + meant + "?"
	}
	return ": see " + cmd.CommandPath() + " --help"
}

func commandNames(cmd *cobra.Command) (names []string) {
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	return names
}
