package changes

import (
	"fmt"
	"slices"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// cached says what senders experience that fetched the policy when the old run did, until it is max_age old, which
// they enforce as long as they find no other one (RFC 8461, section 5.1): they refuse mail to hosts that it does not
// list. Empty: they find the new policy, or their copy has ended, or it was not enforced.
func (p *pair) cached(row *output.Row) string {
	if !p.hadMode(codes.ModeEnforce) || p.old.maxAge == nil || p.bothValid() && !p.sameID() {
		return ""
	}
	until := p.old.observed.Add(time.Duration(*p.old.maxAge) * time.Second)
	if !until.After(p.new.observed) {
		return ""
	}
	senders := "Senders that cached the policy of " + timeText(p.old.observed)
	if hosts := p.refusedByOld(row); len(hosts) > 0 {
		return fmt.Sprintf("%s refuse mail to %s until %s.", senders, firstOf(hosts), timeText(until))
	}
	return fmt.Sprintf("%s go on by it until %s.", senders, timeText(until))
}

// refusedByOld are the hosts that receive mail now and that no pattern of the old policy matches.
func (p *pair) refusedByOld(row *output.Row) []string {
	var hosts []string
	for i := range row.MX {
		host := row.MX[i].Host
		if !slices.ContainsFunc(p.old.patterns, func(pattern string) bool { return mtasts.MXPattern(pattern).Match(host) }) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// aboutCache reports whether the change leaves senders with the policy that they have in their cache.
func (c *Change) aboutCache() bool {
	switch c.Kind {
	case "policy broken", "record broken", "abandoned abruptly", "mode lowered", "policy changed, id did not":
		return true
	}
	return false
}
