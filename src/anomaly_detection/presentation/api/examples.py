"""Bodies that can be sent as they are, for the API's description; the ids stand for those that a list gives."""

from __future__ import annotations

from typing import Any

_ID = "01981d2c-5a3e-7b1c-9d4f-0a1b2c3d4e5f"

BODIES: dict[str, dict[str, Any]] = {
    "sign_in": {
        "By password": {"username": "ada", "password": "correct horse battery staple"},
        "By one-time token": {"one_time_token": "q7J0...", "new_password": "correct horse battery staple"},
    },
    "refresh_session": {"A program": {"refresh_token": "adr_..."}},
    "change_password": {
        "A new password": {"current_password": "the old one", "new_password": "correct horse battery staple"}
    },
    "create_user": {"An analyst": {"username": "grace", "role": "analyst"}},
    "change_user": {"Another role": {"role": "viewer"}, "Lock out": {"disabled": True}},
    "create_api_key": {
        "For a program that reads": {"name": "nightly report", "role": "viewer", "expires_at": "2027-01-01T00:00:00Z"}
    },
    "change_dataset": {"Another name": {"name": "Pump 7, spring"}},
    "start_detection": {
        "What suits the data": {"dataset_id": _ID},
        "One's own choice": {
            "dataset_id": _ID,
            "algorithm": "isolation_forest",
            "parameters": {"n_estimators": 200},
            "columns": ["temperature", "pressure"],
            "threshold": {"kind": "contamination", "value": 0.01},
            "name": "Pump 7, January",
            "priority": "high",
        },
        "By a stored model": {"dataset_id": _ID, "model_id": _ID},
    },
    "change_detection": {"Another name": {"name": "Pump 7, January"}},
    "choose_threshold": {
        "At most 5 % false alarms": {"kind": "fdr", "value": 0.05},
        "The most unusual hundredth": {"kind": "contamination", "value": 0.01},
    },
    "give_feedback": {
        "A real one": {"detection_id": _ID, "index": 4711, "verdict": "true", "note": "Bearing replaced."},
        "A false alarm": {"detection_id": _ID, "index": 4712, "verdict": "false"},
    },
    "train_model": {"A new version": {"name": "Pump 7", "dataset_id": _ID, "algorithm": "isolation_forest"}},
    "promote_model_version": {"Put to work": {"stage": "production"}},
    "score_rows": {
        "Rows": {"rows": [{"temperature": 71.5, "pressure": 3.1}, {"temperature": 70.9, "pressure": None}]},
        "Columns and data": {"columns": ["temperature", "pressure"], "data": [[71.5, 3.1], [70.9, 3.0]]},
    },
}
"""Examples by operation, each under a few words of what it does."""
