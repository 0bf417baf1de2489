package explain

import (
	"fmt"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

func (p *page) record(row *output.Row) {
	p.prose("Record", classText(row.Record, row.RecordReason, recordMeaning(codes.RecordReason(row.RecordReason))))
	p.line("", "_mta-sts.%s TXT", row.Domain)
	p.prose("", answeredBy(row))
	for _, alias := range row.CNAMEs {
		p.line("", "alias of %s", alias)
	}
	for _, txt := range row.TXT {
		p.line("", "%q", txt)
	}
	if meant, ok := meantRecord(row); ok {
		p.line("", "probably meant: %s", meant)
	}
	if row.Record == string(codes.RecordInvalid) && len(row.TXT) > 0 {
		p.detail(mtasts.ReadRecords(texts(row.TXT)).Err)
	}
	if zone := row.ZoneName(); zone != "" {
		p.line("", "denied by the zone %s", zone)
	}
	for _, code := range row.EDE {
		p.line("", "extended DNS error %d (RFC 8914)", code)
	}
}

// elsewhere shows what was found where no sender looks for the record.
func (p *page) elsewhere(places []mtasts.Elsewhere) {
	var none []string
	for _, there := range places {
		switch {
		case there.Reason != "":
			p.prose("", fmt.Sprintf("no answer for %s (%s)", there.Name, there.Reason))
		case there.TXT == nil:
			none = append(none, there.Name)
		default:
			p.prose("", "found at "+there.Name+", where no sender looks:")
		}
		for _, txt := range there.TXT {
			p.line("", "%q", txt)
		}
	}
	if none != nil {
		p.prose("", "none at "+strings.Join(none, " and ")+" either")
	}
}

// detail shows what exactly breaks the grammar.
func (p *page) detail(err error) {
	if err != nil {
		p.line("", "%s", strings.TrimPrefix(err.Error(), "mtasts: "))
	}
}

// answeredBy says who answered and how long it took.
func answeredBy(row *output.Row) string {
	from := "no answer"
	if row.Resolver != "" {
		from = "answered by " + row.Resolver
	}
	if row.TCP {
		from += " over TCP"
	}
	text := fmt.Sprintf("%s in %d ms", from, row.LookupMS)
	if row.Attempts != 1 {
		text += fmt.Sprintf(", %d questions", row.Attempts)
	}
	if row.Authenticated != nil && *row.Authenticated {
		text += ", DNSSEC"
	}
	return text
}

func texts(raw [][]byte) []string {
	var texts []string
	for _, text := range raw {
		texts = append(texts, string(text))
	}
	return texts
}
