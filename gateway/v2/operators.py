"""The lists of operators in version 2: their pages link to the next one."""

from typing import Final

from pydantic import BaseModel

from gateway.upstreams.client import Service
from gateway.v1 import dead_letters as letters_v1
from gateway.v1 import sagas as sagas_v1
from gateway.v2.paging import NextPage, linked


class LetterListOut(BaseModel):
    """One page of dead letters."""

    items: tuple[letters_v1.LetterSummaryOut, ...]
    next: NextPage


class AuditOut(BaseModel):
    """One page of the audit trail."""

    items: tuple[letters_v1.AuditEntryOut, ...]
    next: NextPage


class SagaListOut(BaseModel):
    """One page of sagas."""

    items: tuple[sagas_v1.SagaOut, ...]
    next: NextPage


letters: Final = linked(Service.OPERATIONS, "/dead-letters")
audit: Final = linked(Service.OPERATIONS, "/audit")
sagas: Final = linked(Service.ORDER, "/sagas")

LETTERS: Final = letters_v1.LIST.giving(LetterListOut)
AUDIT: Final = letters_v1.AUDIT.giving(AuditOut)
SAGAS: Final = sagas_v1.LIST.giving(SagaListOut)
