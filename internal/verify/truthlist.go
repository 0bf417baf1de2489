package verify

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"stsscan/internal/domains"
	"stsscan/internal/simnet"
)

// A truthLine is what a perfect observer concludes about one domain of a list.
type truthLine struct {
	Domain string `json:"domain"`
	Rank   int64  `json:"rank"` // line of the list, from 1
	simnet.Truth
}

// WriteTruth prints the truth about the domains of a plain list, at path or on stdin where that is "-", as JSON
// lines. A domain that the world does not know is an error, which has the line.
func WriteTruth(ctx context.Context, w io.Writer, world Truther, path string, stdin io.Reader) error {
	list := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		list = file
	}
	out := bufio.NewWriterSize(w, 1<<16)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	lines := bufio.NewScanner(list)
	for n := int64(1); lines.Scan(); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		domain, err := domains.Normalize(text)
		if err != nil {
			return fmt.Errorf("%s: line %d: %w", path, n, err)
		}
		line := truthLine{Domain: domain, Rank: n}
		var known bool
		if line.Truth, known = world.Truth(domain, n); !known {
			return fmt.Errorf("%s: line %d: the simulated Internet does not know the truth about %s", path, n, domain)
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return out.Flush()
}
