package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// version is set by the linker in releases.
var version string

// versionNumber is the version of the program: the linker's, else the module's.
func versionNumber() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// versionLine is what version and --version print.
func versionLine() string {
	return fmt.Sprintf("stsscan %s (%s)\n", versionNumber(), runtime.Version())
}

func newVersion(std streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program",
		Example: `  stsscan version
  stsscan version --json
  stsscan version --json | jq .modules`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error {
			facts := struct {
				Version string            `json:"version"`
				Go      string            `json:"go"`
				Modules map[string]string `json:"modules"`
			}{versionNumber(), runtime.Version(), map[string]string{}}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, m := range info.Deps {
					facts.Modules[m.Path] = m.Version
				}
			}
			if asJSON {
				return json.NewEncoder(std.out).Encode(facts)
			}
			_, err := io.WriteString(std.out, versionLine())
			return err
		},
	}
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.BoolVar(&asJSON, "json", false, "print JSON, with the version of each module")
	})
	addHelp(cmd.Flags())
	return cmd
}
