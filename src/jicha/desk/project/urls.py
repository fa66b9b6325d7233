"""Every address of the desk, each with the right that it needs."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

from jicha.desk.administration import deputies_page, language
from jicha.desk.administration import views as people
from jicha.desk.api import views as tokens
from jicha.desk.api.document import BASE, addresses, show
from jicha.desk.bundles import views as bundles
from jicha.desk.clues import clue_page, dismiss_page, pool_pages
from jicha.desk.clues import views as clues
from jicha.desk.customers import views as customers
from jicha.desk.deliveries import views as deliveries
from jicha.desk.evidence import views as evidence
from jicha.desk.exports import views as exports
from jicha.desk.jobs import views as jobs
from jicha.desk.log import views as log
from jicha.desk.operation import views as machines
from jicha.desk.orders import views as orders
from jicha.desk.settlements import views as settlements
from jicha.desk.ui.routes import ANYBODY, page
from jicha.desk.visits import views as visits
from jicha.desk.webhooks import views as webhooks
from jicha.desk.workbench import views as workbench

urlpatterns = [
    path(BASE, include((addresses(), "api"))),
    page("api/", show, "api_document", ANYBODY),
    page("people/tokens/", tokens.tokens, "tokens", ANYBODY, "GET", "POST"),
    page("people/tokens/<int:pk>/revoke/", tokens.revoke, "token_revoke", ANYBODY, "POST"),
    page("webhooks/", webhooks.webhooks, "webhooks", "people.manage"),
    page("webhooks/add/", webhooks.add, "webhook_add", "people.manage", "GET", "POST"),
    page("webhooks/<int:pk>/", webhooks.show, "webhook", "people.manage"),
    page("webhooks/<int:pk>/secret/", webhooks.renew, "webhook_renew", "people.manage", "POST"),
    page("webhooks/<int:pk>/end/", webhooks.end, "webhook_end", "people.manage", "POST"),
    page("webhooks/<int:pk>/<int:number>/again/", webhooks.again, "webhook_again", "people.manage", "POST"),
    path("healthz", login_not_required(machines.alive), name="alive"),
    path("readyz", login_not_required(machines.ready), name="ready"),
    path("metrics", login_not_required(machines.metrics), name="metrics"),
    path("accounts/", include("allauth.urls")),
    page("", workbench.workbench, "workbench", ANYBODY),
    page("language/", language.choose, "language", ANYBODY, "POST"),
    page("clues/", clues.pool, "clues", "clue.see"),
    page("clues/figures/", clues.figures, "clue_figures", "clue.see"),
    page("clues/next/", clues.take_next, "clue_next", "clue.decide", "POST"),
    page("clues/dismiss/", dismiss_page.dismiss_many, "clue_dismiss_many", "clue.decide", "GET", "POST"),
    page("clues/groups/", pool_pages.groups, "clue_groups", "clue.see"),
    page("clues/views/", pool_pages.save, "view_save", "clue.see", "POST"),
    page("clues/views/<int:pk>/delete/", pool_pages.delete, "view_delete", "clue.see", "POST"),
    page("clues/<int:pk>/", clue_page.show, "clue", "clue.see"),
    page("clues/<int:pk>/chart/", clue_page.chart, "clue_chart", "clue.see"),
    page("clues/<int:pk>/near/", clue_page.near, "clue_near", "clue.see"),
    page("clues/<int:pk>/evidence/<str:finding_id>/", clue_page.evidence, "clue_evidence", "clue.see"),
    page("clues/<int:pk>/sheet/<str:finding_id>/", clue_page.sheet, "clue_sheet", "clue.see"),
    page("clues/<int:pk>/order/", orders.issue, "clue_order", "order.dispatch", "GET", "POST"),
    page("clues/<int:pk>/<str:name>/", clues.move, "clue_move", "clue.see", "POST"),
    page("orders/", orders.orders, "orders", "order.see"),
    page("orders/<int:pk>/", orders.show, "order", "order.see"),
    page("orders/<int:pk>/comment/", orders.say, "order_comment", "order.comment", "POST"),
    page("orders/<int:pk>/extend/", orders.extend, "order_extend", "order.extend", "POST"),
    page("orders/<int:pk>/bundle/", bundles.bundle, "order_bundle", "bundle.export", "POST"),
    page("orders/<int:pk>/evidence/", evidence.add, "evidence_add", "evidence.add", "POST"),
    page("orders/<int:pk>/evidence/<int:number>/", evidence.original, "evidence", "order.see"),
    page("orders/<int:pk>/evidence/<int:number>/small/", evidence.small, "evidence_small", "order.see"),
    page("orders/<int:pk>/visits/<int:number>/<str:name>/", visits.move, "visit_move", "order.see", "POST"),
    page(
        "orders/<int:pk>/visits/<int:number>/files/<str:sha256>/",
        visits.give_up_file,
        "visit_file_give_up",
        "order.review",
        "POST",
    ),
    page(
        "orders/<int:pk>/settlement/",
        settlements.begin_of_order,
        "order_settlement",
        "settlement.draft",
        "POST",
    ),
    page("orders/<int:pk>/<str:name>/", orders.move, "order_move", "order.see", "POST"),
    page("visits/", visits.phone, "visits", "visit.make"),
    page("visits/service-worker.js", visits.worker, "visit_worker", "visit.make"),
    page("visits/orders/", visits.orders, "visit_orders", "visit.make", "POST"),
    page("visits/<int:pk>/", visits.visit, "visit", "visit.make"),
    page("visits/<int:pk>/record/", visits.record, "visit_record", "visit.make", "POST"),
    page("visits/<int:pk>/files/", visits.file, "visit_file", "visit.make", "POST"),
    page("settlements/", settlements.settlements, "settlements", "settlement.see"),
    page("settlements/begin/", settlements.begin, "settlement_begin", "settlement.draft", "GET", "POST"),
    page("settlements/<int:pk>/", settlements.show, "settlement", "settlement.see"),
    page("settlements/<int:pk>/facts/", settlements.facts, "settlement_facts", "settlement.draft", "POST"),
    page("settlements/<int:pk>/act/", settlements.act, "settlement_act", "settlement.draft", "GET", "POST"),
    page(
        "settlements/<int:pk>/arrange/", settlements.arrange, "settlement_arrange", "settlement.draft", "POST"
    ),
    page("settlements/<int:pk>/payment/", settlements.pay, "settlement_pay", "settlement.collect", "POST"),
    page("settlements/<int:pk>/plan/", settlements.agree_plan, "settlement_plan", "settlement.draft", "POST"),
    page(
        "settlements/<int:pk>/line/<int:number>/reverse/",
        settlements.reverse_line,
        "settlement_reverse",
        "settlement.reverse",
        "POST",
    ),
    page("settlements/<int:pk>/sheet.<str:form>", settlements.sheet, "settlement_sheet", "settlement.see"),
    page(
        "settlements/<int:pk>/paper/<str:kind>.<str:form>",
        settlements.paper,
        "settlement_paper",
        "settlement.see",
    ),
    page("settlements/<int:pk>/<str:name>/", settlements.move, "settlement_move", "settlement.see", "POST"),
    page("customers/", customers.find, "customers", "customer.see"),
    page("customers/<str:number>/", customers.show, "customer", "customer.see"),
    page("customers/<str:number>/chart/", customers.chart, "customer_chart", "customer.see"),
    page("customers/<str:number>/changes/", customers.changes, "customer_changes", "customer.see"),
    page("customers/<str:number>/links/", customers.links, "customer_links", "customer.see"),
    page("customers/<str:number>/bills/<str:bill_id>/", customers.bill, "customer_bill", "customer.see"),
    page(
        "customers/<str:number>/personal/",
        customers.show_personal,
        "customer_reveal",
        "personal.reveal",
        "POST",
    ),
    page("jobs/", jobs.jobs, "jobs", "job.see"),
    page("jobs/start/", deliveries.start, "run_start", "run.start", "GET", "POST"),
    page("jobs/<int:pk>/", jobs.show, "job", "job.see"),
    page("jobs/<int:pk>/progress/", jobs.progress, "job_progress", "job.see"),
    page("jobs/<int:pk>/<str:name>/", jobs.move, "job_move", "job.see", "POST"),
    page("exports/", exports.exports, "exports", "export.ask"),
    page("exports/ask/", exports.ask_for_export, "export_ask", "export.ask", "POST"),
    page("exports/<int:pk>/file/", exports.file, "export_file", "export.ask", "POST"),
    page("exports/<int:pk>/<str:name>/", exports.move, "export_move", "export.ask", "POST"),
    page("log/", log.log, "log", "log.see"),
    page("log/verify/", log.check, "log_verify", "log.see", "POST"),
    page("people/deputies/", deputies_page.deputies, "deputies", ANYBODY, "GET", "POST"),
    page("people/deputies/<int:pk>/end/", deputies_page.end, "deputy_end", ANYBODY, "POST"),
    page("people/", people.people, "people", "people.manage"),
    page("people/add/", people.add, "person_add", "people.manage", "GET", "POST"),
    page("people/<int:pk>/", people.person, "person", "people.manage"),
    page("people/see-as/stop/", people.look_no_more, "see_as_stop", ANYBODY, "POST"),
    page("people/<int:pk>/see-as/", people.look, "person_see_as", "people.manage", "POST"),
    page("people/<int:pk>/post/", people.give, "person_post", "people.manage", "POST"),
    page("people/posts/<int:pk>/end/", people.end, "post_end", "people.manage", "POST"),
]
handler404 = "jicha.desk.ui.errors.not_found"
handler500 = "jicha.desk.operation.views.broken"
