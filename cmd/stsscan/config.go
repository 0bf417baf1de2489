package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/codes"
	"stsscan/internal/config"
	"stsscan/internal/output"
)

// configFlag names the file of settings. Variables and the file set flags of those commands that have it.
const configFlag = "config"

// addConfig adds --config to a command that has its other flags, and has them set before it runs. The file becomes
// the one that was read; nil: none.
func addConfig(cmd *cobra.Command, std streams, file **output.ConfigFile) {
	registerConfig(cmd)
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		settings, err := applySettings(cmd, args, std)
		if err != nil {
			return err
		}
		*file = (*output.ConfigFile)(settings.File)
		return settings.Blame(run(cmd, settings.Args))
	}
}

func registerConfig(cmd *cobra.Command) {
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.String(configFlag, "", "`FILE`: take flags that are not given from variables such as STSSCAN_RATE, "+
			"then from this YAML file; see stsscan config --help")
	})
	_ = cmd.MarkFlagFilename(configFlag, "yaml", "yml")
}

// configurable are the commands whose flags a file may set.
func configurable(root *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(root.Commands()), func(cmd *cobra.Command) bool {
		return cmd.Flags().Lookup(configFlag) == nil || cmd.Name() == "config"
	})
}

// applySettings sets the flags of a command that its command line leaves out.
func applySettings(cmd *cobra.Command, args []string, std streams) (*config.Settings, error) {
	c := config.Config{
		Flags: cmd.Flags(), Not: []string{helpFlag, helpAllFlag}, FileFlag: configFlag,
		Nearest: codes.Nearest[string],
		Prefix:  "STSSCAN_", Environ: os.Environ(),
		Known: []string{"STSSCAN_SHARDS", "STSSCAN_TEST_", "STSSCAN_ANALYSIS_", // --shard env, and tests
			"STSSCAN_BED", "STSSCAN_BEFORE", "STSSCAN_CONFORMANCE", "STSSCAN_NAMESPACE", "STSSCAN_S3", "STSSCAN_SEEDS"},
		Lists: "lists", TakesLists: cmd.Name() == "scan" || cmd.Name() == "prepare", Args: args,
		Divided: divided(cmd.Flags()),
		InPlaceOf: map[string][]string{
			"sim":   {"resolvers", "proxy", "roots", "cross-check"},
			"from":  {"lists", "format", "domain-column", "tags"},
			"lists": {"from", "only"},
		},
	}
	for _, other := range configurable(cmd.Root()) {
		c.Others = append(c.Others, other.Flags())
	}
	settings, err := config.Apply(c)
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, err
	} else if err != nil {
		return nil, usage(err)
	}
	for _, warning := range settings.Warnings {
		std.console().Warn(warning)
	}
	return settings, nil
}

// divided are the flags whose value is a list that commas divide.
func divided(flags *pflag.FlagSet) (names []string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if value := strings.Join(f.Annotations[valueKey], ""); value == "LIST" || strings.HasSuffix(value, ",...") {
			names = append(names, f.Name)
		}
	})
	return names
}

func newConfig(std streams) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "config [flags] [COMMAND [ARGUMENT...]]",
		Short: "Print the settings in force, and where each is from",
		Long: `config prints what is set for a command, scan or lookup, and where it was set.
The output is a YAML file for --config. Each flag is taken from the first of:

  --host-rate 5          the command line
  STSSCAN_HOST_RATE=5    the environment, unless it is empty
  host-rate: 5           the file of --config FILE or STSSCAN_CONFIG=FILE

In the file, the lists to scan are lists: [portfolio.csv].`,
		Example: `  stsscan config
  stsscan config --all lookup
  stsscan config scan --config night.yaml --rate 500`,
		ValidArgs: []string{"scan", "lookup"},
		RunE: func(cmd *cobra.Command, args []string) error {
			args = append(args, "scan")[:max(len(args), 1)]
			commands := configurable(cmd.Root())
			i := slices.IndexFunc(commands, func(sub *cobra.Command) bool { return sub.Name() == args[0] })
			if i < 0 {
				return usage(fmt.Errorf("config %s: must be scan or lookup, whose flags a file may set", args[0]))
			}
			sub := commands[i]
			if file := cmd.Flag(configFlag); file.Changed {
				_ = sub.Flags().Set(configFlag, file.Value.String())
			}
			if err := sub.ParseFlags(args[1:]); err != nil {
				return sub.FlagErrorFunc()(sub, err)
			}
			settings, err := applySettings(sub, sub.Flags().Args(), std)
			if err != nil {
				return err
			}
			fmt.Fprintf(std.out, "# stsscan %s: what was set; --all prints the defaults too\n", sub.Name())
			return settings.Write(std.out, all)
		},
	}
	cmd.Flags().SetInterspersed(false) // what follows COMMAND is for that
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.BoolVar(&all, "all", false, "print the defaults too, as comments")
	})
	registerConfig(cmd)
	addHelp(cmd.Flags())
	return cmd
}
