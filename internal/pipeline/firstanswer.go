package pipeline

import (
	"stsscan/internal/fault"
	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
)

// A firstAnswer is what the sieve heard of a domain: where its survey starts. The
// message was read when it came, and is not kept.
type firstAnswer struct {
	answer resolver.Answer
	reply  *mtasts.FirstReply // what the message said; nil: nothing was kept of it, or there was none
}

// negative reports whether the answer is a plain denial.
func (f *firstAnswer) negative() bool {
	return f.answer.Outcome == resolver.NXDOMAIN || f.answer.Outcome == resolver.NODATA
}

// failed reports whether there was no reply, and that is no fault of this machine.
func (f *firstAnswer) failed() bool {
	return f.answer.Outcome == resolver.Failed && !fault.Ours(f.answer.Err)
}

// endsWith reports whether a first answer leaves nothing to ask: the record is unknown,
// and no more is asked of such a domain.
func (r *surveyor) endsWith(first *firstAnswer, before *earlier) bool {
	return first != nil && first.failed() && !r.Mail.all() && before.told == nil && before.probed == nil
}
