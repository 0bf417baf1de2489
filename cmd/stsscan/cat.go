package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"stsscan/internal/output"
)

func newCat(std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cat PATH...",
		Short: "Print a part, or all parts of a run, as JSON lines",
		Long: `cat prints the rows of part files, or of all parts of run directories, one JSON
object a line. The keys are the column names, with the names registered_domain
and zone in place of their numbers of labels; null is what was not observed.
Raw bytes are text if they are UTF-8, else {"base64": "..."}.`,
		Example: `  stsscan cat run | head
  stsscan cat run/part-000000.parquet
  stsscan cat run | jq -r 'select(.verdict == "enforce_refused").domain'`,
		Args: atLeast(1, "PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := bufio.NewWriter(std.out)
			rows := output.NewJSONWriter(out)
			for _, arg := range args {
				parts, err := partsOf(arg)
				if err != nil {
					return err
				}
				for _, part := range parts {
					for row, err := range output.ReadPart(part) {
						if err != nil {
							return errors.Join(err, out.Flush())
						}
						if err := rows.Write(row); err != nil {
							return err
						}
					}
				}
			}
			return out.Flush()
		},
	}
	addHelp(cmd.Flags())
	return cmd
}

// partsOf lists the part files of a run directory in order; a file stands for itself.
func partsOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("open %s: no such file or directory: name a part file, or a directory that a scan wrote", path)
	case err != nil:
		return nil, err
	case !info.IsDir():
		return []string{path}, nil
	}
	parts, err := output.PartPaths(path)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("%s: no part files: name a directory that a scan wrote", path)
	}
	return parts, nil
}
