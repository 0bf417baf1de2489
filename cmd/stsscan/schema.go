package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"stsscan/internal/output"
)

func newSchema(std streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the columns of the table",
		Args:  exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error {
			columns := output.Columns()
			if asJSON {
				encoder := json.NewEncoder(std.out)
				encoder.SetIndent("", "  ")
				return encoder.Encode(columns)
			}
			w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "COLUMN\tTYPE\tNULL\tMEANING")
			for _, c := range columns {
				nullable := ""
				if c.Nullable {
					nullable = "yes"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.Name, c.Type, nullable, c.Doc)
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, with the closed sets of values")
	return cmd
}
