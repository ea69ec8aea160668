"""Budgets of what a PACS may send, spent by several threads."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.types import Limits
from dicom_qr_gateway.errors import ResponseTooLarge, TooManyMatches


def test_a_budget_is_spent_to_the_last_by_all_threads_together() -> None:
    budget = FindBudget(Limits(max_matches=4000, max_response_bytes=4000), is_shared=True)

    def spend() -> None:
        for _ in range(1000):
            budget.matches.spend(1)
            budget.bytes.spend(1)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(spend) for _ in range(4)]:
            done.result()
    with pytest.raises(TooManyMatches):
        budget.matches.spend(1)
    with pytest.raises(ResponseTooLarge):
        budget.bytes.spend(1)
