"""URLs of logins, accounts, second factors, API tokens, members, riders and settings."""

from django.urls import path

from people import appearance, login, members_page, second_factor, trail_page, views
from people.access import public
from people.curating.riders import RIDERS, rider_member, rider_take_out
from people.curating.routes import routes_of
from people.site_settings import page

app_name = "people"

urlpatterns = [
    path("login", public(login.Login.as_view()), name="login"),
    path("login/code", login.login_code, name="login_code"),
    path("logout", login.log_out, name="logout"),
    path("join/<str:secret>", views.join, name="join"),
    path("people/pick", views.pick, name="pick"),
    path("account", views.account, name="account"),
    path("account/password", views.password_change, name="password_change"),
    path("account/logout-everywhere", views.logout_everywhere, name="logout_everywhere"),
    path("account/appearance", appearance.theme_choose, name="theme_choose"),
    path("account/language", appearance.language_choose, name="language_choose"),
    path("account/leave", views.leave, name="leave"),
    path("account/second-factor", second_factor.second_factor, name="second_factor"),
    path("account/second-factor/begin", second_factor.second_factor_begin, name="second_factor_begin"),
    path("account/second-factor/confirm", second_factor.second_factor_confirm, name="second_factor_confirm"),
    path("account/second-factor/codes", second_factor.second_factor_codes, name="second_factor_codes"),
    path("account/second-factor/off", second_factor.second_factor_off, name="second_factor_off"),
    path("account/tokens", views.token_create, name="token_create"),
    path("account/tokens/<int:pk>/revoke", views.token_revoke, name="token_revoke"),
    path("manage/members", members_page.members, name="members"),
    path("manage/members/invite", members_page.invite_create, name="invite_create"),
    path("manage/members/invites/<int:pk>/revoke", members_page.invite_revoke, name="invite_revoke"),
    path("manage/members/<uuid:pk>/link", members_page.member_link, name="member_link"),
    path("manage/members/<uuid:pk>/role", members_page.member_role, name="member_role"),
    path("manage/members/<uuid:pk>/remove", members_page.member_remove, name="member_remove"),
    path("manage/members/<uuid:pk>/let-back-in", members_page.member_let_back_in, name="member_let_back_in"),
    path("manage/audit-trail", trail_page.audit_trail, name="audit_trail"),
    *routes_of(RIDERS),
    path("manage/riders/<uuid:pk>/member", rider_member, name="rider_member"),
    path("manage/riders/<uuid:pk>/take-out", rider_take_out, name="rider_take_out"),
    path("manage/settings", page.settings_page, name="settings"),
    path("manage/settings/default", page.setting_reset, name="setting_reset"),
    path("manage/settings/<slug:section>", page.settings_save, name="settings_save"),
]
