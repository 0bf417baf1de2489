package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/output"
)

func newSchema(std streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the columns of the table",
		Long: `schema prints the data dictionary. Each column has its type, whether it can be
NULL, the section of RFC 8461 (or of another RFC, by name) that it is about,
and its meaning, with its words if they are a closed set. Times are UTC in
microseconds.`,
		Example: `  stsscan schema
  stsscan schema | grep tls
  stsscan schema --json | jq -r '.[].name'`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error {
			columns := output.Columns()
			if asJSON {
				encoder := json.NewEncoder(std.out)
				encoder.SetIndent("", "  ")
				return encoder.Encode(columns)
			}
			w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "COLUMN\tTYPE\tNULL\tRFC\tMEANING")
			for _, c := range output.Flat(columns) {
				nullable := ""
				if c.Nullable {
					nullable = "yes"
				}
				meaning := c.Doc
				if c.Values != nil {
					meaning += ": " + strings.Join(c.Values, " ")
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.Name, c.Type, nullable, c.Section, meaning)
			}
			return w.Flush()
		},
	}
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.BoolVar(&asJSON, "json", false, "print JSON")
	})
	addHelp(cmd.Flags())
	return cmd
}
