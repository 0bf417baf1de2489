package mtasts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stsscan/internal/codes"
)

// A policyReader is the state of reading one policy.
type policyReader struct {
	policy   Policy
	notes    notes[codes.PolicyReason]
	seen     map[string]bool // names of fields, and patterns as "mx:" and the name
	variants []policyField   // extensions that are named as a field of the RFC in another case
	agePos   int             // where max_age was understood
}

// missing returns the words for a missing field of the RFC; ok is false for the name of an extension.
func missing(name string) (f codes.Finding, reason codes.PolicyReason, ok bool) {
	switch name {
	case "version":
		return codes.FindVersionMissing, codes.ReasonVersionMissing, true
	case "mode":
		return codes.FindModeMissing, codes.ReasonModeMissing, true
	case "max_age":
		return codes.FindMaxAgeMissing, codes.ReasonMaxAgeMissing, true
	case "mx":
		return codes.FindMXMissing, codes.ReasonMXMissing, true
	}
	return "", "", false
}

// field reads one field by the letter. Of a repeated field other than mx the first counts, and the others need
// only be well-formed.
func (r *policyReader) field(f policyField) {
	if r.seen == nil {
		r.seen = make(map[string]bool)
	}
	again := r.seen[f.name]
	if f.name == "version" && len(r.seen) > 0 && !again {
		r.notes.warn(f.line, codes.FindVersionNotFirst)
	}
	r.seen[f.name] = true
	if _, _, known := missing(f.name); known && (!again || f.name == "mx") {
		r.value(f.line, f.name, f.value)
		return
	}
	if fault := f.extensionFault(); fault != "" {
		r.notes.fail(f.line, codes.FindExtensionInvalid, codes.ReasonExtensionInvalid, fault)
		return
	}
	_, _, variant := missing(strings.ToLower(f.name))
	variant = variant && f.name != strings.ToLower(f.name)
	switch {
	case variant:
		r.notes.warn(f.line, codes.FindFieldCase)
		r.variants = append(r.variants, f)
	case !again:
		r.notes.warn(f.line, codes.FindExtension)
	}
	if again {
		r.notes.warn(f.line, codes.FindDuplicateField)
		return
	}
	r.policy.Extensions = append(r.policy.Extensions, Pair{Name: f.name, Value: f.value})
}

// finish notes what is missing, and what concerns the whole.
func (r *policyReader) finish() {
	for _, name := range []string{"version", "mode", "max_age", "mx"} {
		if !r.seen[name] && (name != "mx" || r.policy.Mode != codes.ModeNone) {
			r.absent(name)
		}
	}
	r.policy.Extensions = firstPairs(r.policy.Extensions, maxBody)
	if age := r.policy.MaxAge; age >= 0 && shortAge(r.policy.Mode, age) {
		r.notes.warn(r.agePos, codes.FindMaxAgeShort)
	}
}

// absent notes a missing field. The best understanding takes a field with that name in another case instead.
func (r *policyReader) absent(name string) {
	finding, reason, _ := missing(name)
	var standIns []policyField
	for _, f := range r.variants {
		if strings.EqualFold(f.name, name) && (name == "mx" || len(standIns) == 0) {
			standIns = append(standIns, f)
		}
	}
	if len(standIns) == 0 {
		r.notes.fail(endOfText, finding, reason, "there is no "+name)
		return
	}
	r.notes.fail(endOfText, codes.FindFieldCase, reason, "there is no "+name+", only "+standIns[0].name)
	r.notes.warn(endOfText, finding)
	for _, f := range standIns {
		r.value(endOfText, name, f.value)
	}
	var others []Pair
	for _, x := range r.policy.Extensions {
		used := func(f policyField) bool { return f.name == x.Name }
		if !strings.EqualFold(x.Name, name) || !slices.ContainsFunc(standIns, used) {
			others = append(others, x)
		}
	}
	r.policy.Extensions = others
}

// value reads the value of a field of the RFC.
func (r *policyReader) value(pos int, name, value string) {
	switch name {
	case "version":
		if value != policyVersion {
			r.notes.fail(pos, codes.FindVersionInvalid, codes.ReasonVersionInvalid, "the version is "+quote(value))
		}
	case "mode":
		r.mode(pos, value)
	case "max_age":
		r.maxAge(pos, value)
	case "mx":
		r.mx(pos, value)
	}
}

func (r *policyReader) mode(pos int, value string) {
	mode := codes.Mode(strings.ToLower(value))
	if !slices.Contains(codes.Modes(), mode) {
		r.notes.fail(pos, codes.FindModeInvalid, codes.ReasonModeInvalid, "the mode is "+quote(value))
		return
	}
	if string(mode) != value {
		r.notes.fail(pos, codes.FindValueCase, codes.ReasonModeInvalid, "the mode is "+quote(value)+", not "+string(mode))
	}
	r.policy.Mode = mode
}

// maxAge reads 1*10(DIGIT), seconds. A larger value than the maximum is read as the maximum.
func (r *policyReader) maxAge(pos int, value string) {
	age, err := strconv.ParseUint(value, 10, 64) // takes digits only
	if err != nil || len(value) > 10 {
		r.notes.fail(pos, codes.FindMaxAgeInvalid, codes.ReasonMaxAgeInvalid, "the max_age is "+quote(value))
		return
	}
	r.agePos, r.policy.MaxAge = pos, int64(min(age, maxMaxAge))
	switch {
	case age > maxMaxAge:
		detail := fmt.Sprintf("the max_age is %d, more than %d", age, maxMaxAge)
		r.notes.fail(pos, codes.FindMaxAgeOver, codes.ReasonMaxAgeOver, detail)
	case age == 0:
		r.notes.warn(pos, codes.FindMaxAgeZero)
	}
}

// shortAge reports whether a policy protects for a short time only: below one day, or below one week when
// enforcing. Mode none is the exception: there section 8.3 asks for a small max_age.
func shortAge(mode codes.Mode, age int64) bool {
	const day = 24 * 60 * 60
	switch mode {
	case codes.ModeNone:
		return false
	case codes.ModeEnforce:
		return age < 7*day
	}
	return age < day
}

// mx reads one pattern.
func (r *policyReader) mx(pos int, value string) {
	patternFaults(value, func(f codes.Finding, detail string) {
		if detail == "" {
			r.notes.warn(pos, f)
			return
		}
		r.notes.fail(pos, f, codes.ReasonMXInvalid, detail)
	})
	if value == "" {
		return
	}
	pattern := MXPattern(clean(value))
	key := "mx:" + pattern.key() // no name of a field has a colon
	if r.seen[key] {
		r.notes.warn(pos, codes.FindMXDuplicate)
	}
	r.seen[key] = true
	r.policy.MX = append(r.policy.MX, pattern)
}
