"""Words whose full stop usually does not end a sentence: data, and one question about it.

A wrong cut is heard as a wrong pause; a missed one is hardly heard. So in doubt a word is listed here.
"""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Followed by the name or the word they belong to. Written in lower case, without the last full stop.
_ALWAYS = _words("""
    mr mrs ms dr prof st ste rev hon gen col capt lt sgt maj cmdr adm sen rep gov pres messrs mt ft supt insp
    vs v cf viz e.g i.e eg ie ca approx incl excl resp ed eds trans dept univ assn bros tel attn ext fwd
    hr fr frl herrn bzw z.b zb d.h dh u.a u.u vgl sog ggf evtl bspw inkl exkl zzgl str hrsg geb gest dipl ing
    mme mlle mm pr env bd c.-à-d p.ex
    sr sra srta d dña dn ud uds vd vds lic excmo ilmo p.ej ee uu
    sig sigg sig.ra dott dott.ssa avv arch egr gent.mo
    dhr mevr mw drs bv bijv d.w.z m.b.t o.a
    sr.ª exmo exma
    bl.a t.ex f.eks d.v.s kl
    т.е т.к т.н г гг ул тел см св акад проф доц гр
    tzv např tj mgr inż hab ul św tzn np kk
    ör
    αρ κ δρ
""")

# Belong to the number after them; otherwise they are words.
_BEFORE_NUMBER = _words("""
    no nos nr nro núm num n n° fig figs p pp pg vol vols ch chap sec sect art arts par eq eqs tab tbl ver v rev
    s abb bd kap ziff abs aufl anm č čl str стр рис табл № п гл
""")

# May well close a sentence: what follows tells.
_MAY_END = _words("""
    etc usw al jr sr inc ltd co corp llc plc a.m p.m am pm ph.d b.c a.d bc ad ave blvd rd sq
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun
    janv févr avr juil déc okt dez mär ene abr ago dic gen mag giu lug set ott
    kg km cm mm min max sec hrs hr ft oz lb mph т.д т.п д п др руб коп atd itd m.m osv enz ecc
""")

# A number with a full stop before one of these is an ordinal ("am 3. Oktober", "im 19. Jahrhundert").
_AFTER_ORDINAL = _words("""
    januar jänner februar märz april mai juni juli august september oktober november dezember
    jahrhundert jahrhunderts weltkrieg weltkriegs klasse stock liga platz quartal etappe auflage tag woche mal
    januari januar februar mars maj juni juli august september oktober november december desember
""")

_ACRONYM = re.compile(r"(?:[^\W\d_]\.-?)+[^\W\d_]")
_ORDINAL = re.compile(r"\d{1,2}|[IVX]+")
_OPENING = "\"'“”‘’«»„‚([{<*_¿¡"


def stands_before(token: str, following: str, *, opens_sentence: bool) -> bool:
    """Whether the full stop after `token` belongs to it, so that the sentence goes on with the word `following`.

    `token` is what stands before the full stop, back to white space; `opens_sentence`: it is the sentence's first.
    """
    token = token.lstrip(_OPENING)
    key = token.casefold()
    if opens_sentence and (token.isdigit() or len(token) == 1) and len(token) <= 3 and token.isascii():
        return True  # the number of a list item
    if key in _ALWAYS or key.endswith("str"):  # Hauptstr. 5
        return True
    if key in _BEFORE_NUMBER and following[0].isdigit():
        return True
    if key in _MAY_END:
        return not following[0].isupper()
    if _ORDINAL.fullmatch(token) and following.casefold() in _AFTER_ORDINAL:
        return True
    return _is_initial(token) or _ACRONYM.fullmatch(token) is not None


def _is_initial(token: str) -> bool:
    """J. R. R. Tolkien, J.-P. Sartre, d. h.; a single ideograph is a word."""
    last = token.rpartition("-")[2]
    return len(last) == 1 and last.upper() != last.lower() and len(token) <= 4
