"""One module for each standard; FILES is all that they make. A new standard is a module with FILES of its own, and a line here."""

from . import bip327, bip340, bip341, bip374, bolt03, bolt04, bolt12, dlc, musig2_adaptor, schnorr_adaptor, trampoline, wycheproof

STANDARDS = (
    bip340, bip327, bip341, bip374, bolt03, bolt04, trampoline, bolt12, dlc, schnorr_adaptor, musig2_adaptor, wycheproof
)
FILES = [file for standard in STANDARDS for file in standard.FILES]
