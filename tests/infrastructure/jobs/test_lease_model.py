"""Random histories of claims, crashes, late finishers and cancellations against a model that fits on one page."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from anomaly_detection.infrastructure.jobs.leases import Claim
from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tables import metadata
from anomaly_detection.infrastructure.persistence.tenants import TenantRepository
from anomaly_detection.shared.scope import Scope

MAX_ATTEMPTS = 3
LEASE_SECONDS = 30.0


@dataclass
class Model:
    status: str = "queued"
    attempts: int = 0
    holder: str = ""
    expires: datetime | None = None
    cancel_requested: bool = False
    winner: str = ""
    tokens: list[str] = field(default_factory=list)

    def end(self, status: str) -> None:
        assert self.status in {"queued", "running"}, "a job ended twice"
        self.status, self.holder = status, ""


class LeaseMachine(RuleBasedStateMachine):
    claims = Bundle("claims")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(f"sqlite:///{Path(self.folder.name) / 'jobs.db'}")
        metadata.create_all(self.database.engine)
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.queue = DatabaseJobQueue(
            self.database, max_attempts=MAX_ATTEMPTS, lease_seconds=LEASE_SECONDS, clock=lambda: self.now
        )
        self.scope = Scope(TenantRepository(self.database).ensure("ours").id, "principal")
        self.models: dict[str, Model] = {}

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.dispose()
            self.folder.cleanup()

    @rule()
    def submit(self) -> None:
        self.models[self.queue.submit(self.scope, "work", {}).id] = Model()

    @rule(target=claims)
    def claim(self) -> object:
        claim = self.queue.leases.claim("elsewhere/1/1/x", ["work"])
        waiting = [job_id for job_id, model in self.models.items() if model.status == "queued"]
        if claim is None:
            assert waiting == []
            return multiple()
        model = self.models[claim.job.id]
        assert model.status == "queued"
        model.status, model.holder, model.attempts = "running", claim.token, model.attempts + 1
        model.expires = self.now + timedelta(seconds=LEASE_SECONDS)
        assert claim.token not in model.tokens
        model.tokens.append(claim.token)
        return claim

    @rule(claim=claims)
    def renew(self, claim: Claim) -> None:
        model = self.models[claim.job.id]
        answer = self.queue.leases.renew(claim)
        if model.holder != claim.token:
            assert answer is None
        else:
            assert answer is (not model.cancel_requested)
            model.expires = self.now + timedelta(seconds=LEASE_SECONDS)

    @rule(claim=claims)
    def finish(self, claim: Claim) -> None:
        model = self.models[claim.job.id]
        mine = model.holder == claim.token
        assert self.queue.leases.succeed(claim, {"by": claim.token}) is mine
        if mine:
            model.end("succeeded")
            model.winner = claim.token

    @rule(claim=claims)
    def fail(self, claim: Claim) -> None:
        model = self.models[claim.job.id]
        mine = model.holder == claim.token
        assert self.queue.leases.fail(claim, code="a.b", message="m", hint="") is mine
        if mine:
            model.end("failed")

    @rule(claim=consumes(claims))
    def hand_back(self, claim: Claim) -> None:
        model = self.models[claim.job.id]
        mine = model.holder == claim.token
        assert self.queue.leases.hand_back(claim) is mine
        if mine:
            model.attempts -= 1
            model.end("cancelled" if model.cancel_requested else "queued")

    @rule(number=st.integers(0, 5))
    def cancel(self, number: int) -> None:
        if not self.models:
            return
        job_id = list(self.models)[number % len(self.models)]
        model = self.models[job_id]
        self.queue.cancel(self.scope, job_id)
        if model.status == "queued":
            model.end("cancelled")
        elif model.status == "running":
            model.cancel_requested = True

    @rule(seconds=st.sampled_from([1.0, 20.0, 31.0]))
    def pass_time_and_recover(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        taken = 0
        for model in self.models.values():
            if model.status == "running" and model.expires is not None and model.expires < self.now:
                taken += 1
                if model.cancel_requested:
                    model.end("cancelled")
                elif model.attempts >= MAX_ATTEMPTS:
                    model.end("failed")
                else:
                    model.status, model.holder = "queued", ""
        assert self.queue.leases.recover() == taken

    @invariant()
    def the_table_agrees(self) -> None:
        for job_id, model in getattr(self, "models", {}).items():
            job = self.queue.get(self.scope, job_id)
            assert (job.status, job.attempts) == (model.status, model.attempts)
            assert job.outcome == ({"by": model.winner} if model.winner else None)
            assert (job.finished_at is not None) == (model.status not in {"queued", "running"})


TestLeases = LeaseMachine.TestCase
TestLeases.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    # Shrinking a history takes minutes; thirty steps can be read as they are.
    phases=(Phase.generate,),
)
