package simnet

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A txtMaker makes the TXT records of a domain, each one string of raw octets, from its id.
type txtMaker func(d draw, id string) []string

// txtGood is a record in one of the usual spellings.
func txtGood(d draw, id string) []string {
	switch u := d.unit(forText); {
	case u < 0.75:
		return []string{"v=STSv1; id=" + id + ";"}
	case u < 0.95:
		return []string{"v=STSv1; id=" + id}
	}
	return []string{"v=STSv1;id=" + id + ";"}
}

// txtOneOf is one of the forms; %s in a form is the id.
func txtOneOf(forms ...string) txtMaker {
	return func(d draw, id string) []string {
		return []string{strings.ReplaceAll(pick(d, forVariant, forms...), "%s", id)}
	}
}

// txtBeside is a good record with another one, on either side.
func txtBeside(others ...string) txtMaker {
	return func(d draw, id string) []string {
		other := pick(d, forVariant, others...)
		if d.chance(forText, 0.5) {
			return []string{other, "v=STSv1; id=" + id + ";"}
		}
		return []string{"v=STSv1; id=" + id + ";", other}
	}
}

// txtMultiple is two records or three, with ids alike or not.
func txtMultiple(d draw, id string) []string {
	records := []string{"v=STSv1; id=" + id + ";", "v=STSv1; id=" + id + "a;", "v=STSv1; id=1"}
	return pick(d, forVariant, records[:2], records, []string{records[0], records[0] + " note=copy"})
}

// txtTwice is one record twice, as some resolvers pass it on.
func txtTwice(_ draw, id string) []string {
	return slices.Repeat([]string{"v=STSv1; id=" + id + ";"}, 2)
}

// txtNearMiss was meant to be a record, alone or beside another text.
func txtNearMiss(d draw, id string) []string {
	forms := []string{
		"V=STSv1; id=%s", " v=STSv1; id=%s;", "v=STSv1 id=%s", `v=STSv1\; id=%s`, "v=stsv1; id=%s;", `"v=STSv1; id=%s;"`,
		"\u201cv=STSv1; id=%s;\u201d", "v=STS1; id=%s;", "v = STSv1; id=%s;", "STSv1; id=%s", "\ufeffv=STSv1; id=%s;",
		`_mta-sts.example.com. IN TXT "v=STSv1; id=%s;"`,
	}
	texts := txtOneOf(forms...)(d, id)
	if d.chance(forText, 0.2) {
		texts = append(texts, "v=spf1 -all")
	}
	return texts
}

// txtOther is what a wildcard or another service put there.
func txtOther(d draw, _ string) []string {
	return pick(d, forVariant,
		[]string{"v=spf1 -all"},
		[]string{"v=spf1 include:_spf.example.net ~all", "site-verification=" + strconv.FormatUint(d.bits(forText), 36)},
		[]string{"parked"})
}

// txtOverlong is a record whose id has 33 to 48 characters.
func txtOverlong(d draw, id string) []string {
	return []string{"v=STSv1; id=" + (id + strings.Repeat("0", 48))[:33+d.below(forVariant, 16)] + ";"}
}

// idOf is the id of a record tonight: date and time, date, seconds since 1970, or a short word, as operators
// write them (shares are a guess). A policy that moves to enforce gets a new id.
func (p *population) idOf(f *fate) string {
	d := f.draw
	r := p.revisionOf(d)
	if _, since := p.modeOf(f, p.coverageOf(f, p.mailOf(f))); since > 0 {
		r.id, r.night = r.id+1, max(r.night, since)
	}
	day := time.Date(2019, 1, 1+d.below(forID, 7*365), 0, 0, 0, 0, time.UTC)
	if r.id > 0 {
		day = time.Date(2026, 1, 1+r.night, 0, 0, 0, 0, time.UTC)
	}
	at := day.Add(time.Duration(d.sub(forID, r.id).below(forID, 24*60*60)) * time.Second)
	switch u := d.unit(forIDStyle); {
	case u < 0.45:
		return at.Format("20060102150405")
	case u < 0.60:
		return at.Format("20060102T150405Z")
	case u < 0.72:
		return at.Format("20060102")
	case u < 0.80:
		return strconv.FormatInt(at.Unix(), 10)
	case u < 0.90:
		return strconv.Itoa(1 + d.below(forID, 9) + r.id)
	}
	return fmt.Sprintf("%012x", d.sub(forID, r.id).bits(forID)>>16)
}
